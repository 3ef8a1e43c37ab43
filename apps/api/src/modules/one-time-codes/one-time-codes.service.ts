import { newId, type Trx } from '@muster/db'
import { insertMail, isMailCode } from '@muster/mail'
import type { Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import * as queries from './challenges.queries.ts'
import { type CodeDeps, type CorrectCode, checkCode } from './check-code.ts'
import { codeTtlMs, cooldownError, limitsAt } from './code-limits.ts'
import { wrongCode } from './wrong-code.ts'

/** The action that a signed-in user confirms by a mailed code. A user has one open challenge per action. */
export type CodePurpose = queries.CodePurpose

/**
 * Mails the user a code for this purpose, valid for 5 minutes. Another mail does not reset the tries: once they are used
 * up, the next code can be mailed when the last one has expired.
 * @throws DomainError COOLDOWN
 */
export async function mailOneTimeCode(
  { transact, clock, db }: Pick<CodeDeps, 'transact' | 'clock' | 'db'>,
  user: UserRow,
  purpose: CodePurpose,
): Promise<void> {
  const now = clock.now()
  const expiresAt = new Date(now.getTime() + codeTtlMs)
  const isMailed = await transact(async (tx) => {
    const challenge = { id: newId(), userId: user.id, purpose, expiresAt }
    const id = await queries.claimMail(tx.trx, challenge, limitsAt(now))
    if (!id) return false
    const action = purpose === 'confirm' ? 'confirm' : 'enable'
    const data = { name: user.name, action } as const
    const mail = { template: 'login-code', to: user.email, userId: user.id, data, expiresAt } as const
    await queries.setMail(tx.trx, id, { email_id: await insertMail(tx, mail), mailed_at: now })
    return true
  })
  if (!isMailed) throw cooldownError(await queries.findByPurpose(db, user.id, purpose), now)
}

/**
 * Checks a code that {@link mailOneTimeCode} mailed. A challenge has five tries, each counted before its code is checked.
 * @throws DomainError OTP_INVALID, ACCOUNT_LOCKED
 */
export function checkOneTimeCode(
  deps: CodeDeps,
  user: UserRow,
  { purpose, code, origin, field }: { purpose: CodePurpose; code: string; origin: Origin; field?: string },
): Promise<CorrectCode<'otp'>> {
  const { db, config, clock } = deps
  return checkCode(deps, { user, origin, use: purpose, source: 'mail', field }, async () => {
    const challenge = await queries.countTry(db, { userId: user.id, purpose }, limitsAt(clock.now()))
    if (!challenge?.email_id) throw wrongCode('mail', field)
    const mail = { template: 'login-code', emailId: challenge.email_id } as const
    if (!isMailCode(config.keys.mailCode, mail, code)) return undefined
    return {
      kind: 'otp',
      async use({ trx }) {
        if (!(await queries.use(trx, challenge, clock.now()))) throw wrongCode('mail', field)
      },
    }
  })
}

/** Ends all open challenges of the user: their codes, and the sign-ins that wait for one, no longer work. */
export async function endChallenges(trx: Trx, userId: string, now: Date): Promise<void> {
  await queries.endAll(trx, userId, now)
}
