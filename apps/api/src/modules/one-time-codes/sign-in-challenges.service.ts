import { type Db, newId } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail, isMailCode } from '@muster/mail'
import { lockUser, type UserRow } from '../accounts/accounts.service.ts'
import * as queries from './challenges.queries.ts'
import type { CodeDeps, CorrectCode } from './check-code.ts'
import { codeTtlMs, cooldownError, hasTriesLeft, limitsAt } from './code-limits.ts'

export type SignInChallengeRow = queries.ChallengeRow

const challengeTtlMs = 5 * 60_000
const keptForMs = 86_400_000

/**
 * Writes the challenge of a sign-in's second step. With the method `otp` it also mails a code, unless one was mailed
 * within the last minute: then the new challenge accepts that code too, and the first of them to use it consumes it.
 * @param user the row, locked in this transaction
 * @param context the decisions of the first step
 */
export async function insertSignInChallenge(
  tx: TransactContext,
  user: UserRow,
  { method, context, now }: { method: 'otp' | 'totp'; context: object; now: Date },
): Promise<{ id: string; expiresAt: Date }> {
  const id = newId()
  const expiresAt = new Date(now.getTime() + challengeTtlMs)
  await queries.deleteEnded(tx.trx, user.id, new Date(now.getTime() - keptForMs))
  const mail =
    method === 'otp'
      ? ((await findRecentMail(tx, user, now)) ?? (await insertCodeMail(tx, user, { now, expiresAt })))
      : undefined
  await queries.insert(tx.trx, {
    id,
    user_id: user.id,
    purpose: 'sign-in',
    method,
    ...mail,
    context: JSON.stringify(context),
    expires_at: expiresAt,
    created_at: now,
  })
  return { id, expiresAt }
}

/** Finds a challenge, whether it is open or has ended. */
export const findSignInChallenge = (db: Db, id: string): Promise<SignInChallengeRow | undefined> =>
  queries.findById(db, id)

/** Tells whether the challenge can still be answered. */
export const isOpenChallenge = (challenge: SignInChallengeRow, now: Date): boolean =>
  challenge.used_at === null && challenge.expires_at > now && hasTriesLeft(challenge)

/**
 * Mails another code for the challenge. Its tries and its expiry stay as they are; the previous code no longer works.
 * @throws DomainError COOLDOWN
 */
export async function mailAnotherCode(
  { db, transact, clock }: Pick<CodeDeps, 'db' | 'transact' | 'clock'>,
  challenge: SignInChallengeRow,
  user: UserRow,
): Promise<void> {
  const now = clock.now()
  const isMailed = await transact(async (tx) => {
    await lockUser(tx.trx, user.id)
    const recent = await findRecentMail(tx, user, now)
    if (!(await queries.claimSignInMail(tx.trx, challenge.id, limitsAt(now)))) return false
    const mail = recent ?? (await insertCodeMail(tx, user, { now, expiresAt: challenge.expires_at }))
    await queries.setMail(tx.trx, challenge.id, mail)
    return true
  })
  if (!isMailed) throw cooldownError(await queries.findById(db, challenge.id), now)
}

/**
 * Counts a try at the challenge, before its code is checked.
 * @returns the challenge; undefined when it has ended or has no tries left
 */
export const countTry = ({ db, clock }: Pick<CodeDeps, 'db' | 'clock'>, id: string) =>
  queries.countTry(db, { id }, limitsAt(clock.now()))

/** Checks the code that was mailed for the challenge; undefined for a wrong one. */
export function checkSignInCode(
  { config, clock }: Pick<CodeDeps, 'config' | 'clock'>,
  { email_id: emailId, mailed_at: mailedAt }: SignInChallengeRow,
  code: string,
): CorrectCode<'otp'> | undefined {
  // The mail may be older than the challenge, which then accepts the code of a sign-in that began earlier.
  const isYoung = mailedAt !== null && clock.now().getTime() - mailedAt.getTime() < codeTtlMs
  const isCorrect = emailId !== null && isMailCode(config.keys.mailCode, { template: 'login-code', emailId }, code)
  // The code is consumed with its challenge, see useSignInChallenge.
  return isYoung && isCorrect ? { kind: 'otp', use: async () => {} } : undefined
}

/**
 * Ends the challenge by its correct code, and consumes a mailed code for every other sign-in that shares its mail.
 * @throws DomainError CHALLENGE_INVALID when it ended before, or another mail replaced the code
 */
export async function useSignInChallenge(
  { trx }: Pick<TransactContext, 'trx'>,
  challenge: SignInChallengeRow,
  now: Date,
): Promise<void> {
  if (!(await queries.use(trx, challenge, now))) throw new DomainError('CHALLENGE_INVALID')
  if (challenge.email_id) await queries.removeMail(trx, challenge.user_id, challenge.email_id)
}

/** Finds the user's latest mail of the last minute. The user's row is locked, so that a user gets one mail a minute. */
function findRecentMail(tx: TransactContext, user: UserRow, now: Date): Promise<queries.ChallengeMail | undefined> {
  return queries.findSignInMail(tx.trx, user.id, { now, since: limitsAt(now).mayMailSince })
}

async function insertCodeMail(
  tx: TransactContext,
  user: UserRow,
  { now, expiresAt }: { now: Date; expiresAt: Date },
): Promise<queries.ChallengeMail> {
  const data = { name: user.name, action: 'sign-in' } as const
  const mail = { template: 'login-code', to: user.email, userId: user.id, data, expiresAt } as const
  return { email_id: await insertMail(tx, mail), mailed_at: now }
}
