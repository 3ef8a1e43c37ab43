import { createHash } from 'node:crypto'
import { newId } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail, isMailCode } from '@muster/mail'
import { readSignedText, signText } from '@muster/security'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import type { Origin } from '../../http/actor.ts'
import { findUser, lockUser, type UserRow } from '../accounts/accounts.service.ts'
import * as queries from '../one-time-codes/challenges.queries.ts'
import { codeTtlMs, cooldown, limitsAt, maxTries, type RightCode } from '../one-time-codes/mailed-codes.ts'
import { tryCode } from '../one-time-codes/try-code.ts'
import { readTotpCode } from '../two-factor/totp-codes.ts'
import type { SignInMethod, SignInOptions } from './sign-in-steps.ts'

/** What the first step of a sign-in answers when a second one follows. */
export type SignInChallenge = {
  requiresTwoFactor: true
  method: 'otp' | 'totp'
  challengeToken: string
  expiresAt: string
}

/** What the first step decided, kept beside the challenge. */
const firstStep = z.object({
  method: z.enum(['password', 'google', 'invite']) satisfies z.ZodType<SignInMethod>,
  rememberMe: z.boolean(),
  /** Of the password as it was then: another one ends the sign-in. */
  passwordMark: z.string(),
  /** The mail of an invitation that is accepted with the last step. */
  inviteMailId: z.uuid().optional(),
})
type FirstStep = z.infer<typeof firstStep>

const purpose = 'two-factor-challenge'
const challengeTtlMs = 5 * 60_000
const keptForMs = 86_400_000

/**
 * Asks for the second step of a sign-in. Who has the code by mail gets one, but not a second one within a minute: then
 * the last one is good for this sign-in too, and for one of them only.
 * @param user the row, locked in this transaction
 */
export async function issueChallenge(
  { config, clock }: Context,
  tx: TransactContext,
  user: UserRow,
  { method: firstMethod, rememberMe, inviteMailId }: Pick<SignInOptions, 'method' | 'rememberMe' | 'inviteMailId'>,
): Promise<SignInChallenge> {
  const now = clock.now()
  const id = newId()
  const method = user.two_factor_method as SignInChallenge['method']
  const expiresAt = new Date(now.getTime() + challengeTtlMs)
  await queries.deleteEnded(tx.trx, user.id, new Date(now.getTime() - keptForMs))
  const mail =
    method === 'otp'
      ? ((await findRecentMail(tx, user, now)) ?? (await insertCodeMail(tx, user, { now, expiresAt })))
      : undefined
  const context: FirstStep = { method: firstMethod, rememberMe, passwordMark: passwordMark(user), inviteMailId }
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
  return {
    requiresTwoFactor: true,
    method,
    challengeToken: signText(config.keys.cookie, purpose, id),
    expiresAt: expiresAt.toISOString(),
  }
}

/**
 * Mails another code for a sign-in. Its tries and its end stay as they are, and the code before is worth nothing.
 * @throws DomainError CHALLENGE_INVALID, CONFLICT when the code comes from an app, COOLDOWN
 */
export async function resendCode(context: Context, challengeToken: string): Promise<void> {
  const { db, transact, clock } = context
  const { challenge, user } = await openChallenge(context, challengeToken)
  if (challenge.method !== 'otp') throw new DomainError('CONFLICT', { message: 'Your app shows the code.' })
  const now = clock.now()
  const isMailed = await transact(async (tx) => {
    await lockUser(tx.trx, user.id)
    const recent = await findRecentMail(tx, user, now)
    if (!(await queries.takeSignInMailTurn(tx.trx, challenge.id, limitsAt(now)))) return false
    const mail = recent ?? (await insertCodeMail(tx, user, { now, expiresAt: challenge.expires_at }))
    await queries.setMail(tx.trx, challenge.id, mail)
    return true
  })
  if (!isMailed) throw cooldown(await queries.findById(db, challenge.id), now)
}

/** A sign-in whose second step was proven. */
export type ProvenSignIn = {
  user: UserRow
  method: SignInMethod
  rememberMe: boolean
  inviteMailId: string | undefined
  secondFactor: RightCode
}

/**
 * Checks the code of a sign-in's second step: five tries, counted before the code is looked at.
 * @throws DomainError CHALLENGE_INVALID, OTP_INVALID, ACCOUNT_LOCKED
 */
export async function proveSecondStep(
  context: Context,
  { challengeToken, code }: { challengeToken: string; code: string },
  origin: Origin,
): Promise<ProvenSignIn> {
  const { challenge: found, user, first } = await openChallenge(context, challengeToken)
  const { challenge, right } = await tryCode(context, { user, origin, use: 'sign-in' }, async () => {
    const challenge = await queries.takeTry(context.db, { id: found.id }, limitsAt(context.clock.now()))
    if (!challenge) throw new DomainError('CHALLENGE_INVALID')
    const right =
      challenge.method === 'otp'
        ? readMailedCode(context, challenge, code)
        : await readTotpCode(context, user, { code, origin })
    return right && { challenge, right }
  })
  return {
    user,
    method: first.method,
    rememberMe: first.rememberMe,
    inviteMailId: first.inviteMailId,
    secondFactor: {
      kind: right.kind,
      async use(tx) {
        const now = context.clock.now()
        if (!(await queries.use(tx.trx, challenge, now))) throw new DomainError('CHALLENGE_INVALID')
        if (challenge.email_id) await queries.forgetMail(tx.trx, user.id, challenge.email_id)
        await right.use(tx)
      },
    },
  }
}

/** @throws DomainError CHALLENGE_INVALID when it is none of ours, has ended, or the account changed since */
async function openChallenge({ config, db, clock }: Context, challengeToken: string) {
  const id = readSignedText(config.keys.cookie, purpose, challengeToken)
  const challenge = id ? await queries.findById(db, id) : undefined
  const user = challenge && (await findUser(db, challenge.user_id))
  if (!challenge || !user) throw new DomainError('CHALLENGE_INVALID')
  const first = firstStep.parse(challenge.context)
  const isOpen =
    challenge.used_at === null &&
    challenge.expires_at > clock.now() &&
    challenge.tries < maxTries &&
    challenge.method === user.two_factor_method &&
    first.passwordMark === passwordMark(user)
  if (!isOpen) throw new DomainError('CHALLENGE_INVALID')
  return { challenge, user, first }
}

function readMailedCode(
  { config, clock }: Context,
  { email_id: emailId, mailed_at: mailedAt }: queries.ChallengeRow,
  code: string,
): RightCode<'otp'> | undefined {
  // The mail may be that of a sign-in begun a little earlier.
  const isYoung = mailedAt !== null && clock.now().getTime() - mailedAt.getTime() < codeTtlMs
  const isRight = emailId !== null && isMailCode(config.keys.mailCode, { template: 'login-code', emailId }, code)
  // The challenge names the mail, so that using it up uses up the code.
  return isYoung && isRight ? { kind: 'otp', use: async () => {} } : undefined
}

/** A person gets one mail a minute however many sign-ins they begin. Their row is locked while this is asked. */
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

/** Tells one password from another without telling anything about either: the hash is salted. */
function passwordMark({ password_hash: hash }: UserRow): string {
  return createHash('sha256')
    .update(hash ?? '')
    .digest('base64url')
}
