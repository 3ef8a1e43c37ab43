import { newId } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail, isMailCode } from '@muster/mail'
import type { Context } from '../../context.ts'
import type { Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import * as queries from './challenges.queries.ts'
import { tryCode } from './try-code.ts'

export const codeTtlMs = 5 * 60_000
export const mailCooldownMs = 60_000
export const maxTries = 5

/** A code that was right. Using it makes it worthless, in the transaction of what it was for. */
export type RightCode<Kind extends string = string> = {
  kind: Kind
  /** @throws DomainError OTP_INVALID when somebody else was first */
  use(tx: TransactContext): Promise<void>
}

/** What bounds challenges at this moment. */
export const limitsAt = (now: Date): queries.ChallengeLimits => ({
  now,
  maxTries,
  mayMailSince: new Date(now.getTime() - mailCooldownMs),
})

/**
 * Mails the person a code that proves this one thing, 5 minutes long. A further mail leaves the tries as they are; when
 * they are used up, the next begins when the last mail's time is over.
 * @throws DomainError COOLDOWN
 */
export async function mailProofCode(
  { transact, clock, db }: Context,
  user: UserRow,
  purpose: queries.ProofPurpose,
): Promise<void> {
  const now = clock.now()
  const expiresAt = new Date(now.getTime() + codeTtlMs)
  const isMailed = await transact(async (tx) => {
    const proof = { id: newId(), userId: user.id, purpose, expiresAt }
    const id = await queries.takeProofMailTurn(tx.trx, proof, limitsAt(now))
    if (!id) return false
    const action = purpose === 'confirm' ? 'confirm' : 'enable'
    const data = { name: user.name, action } as const
    const mail = { template: 'login-code', to: user.email, userId: user.id, data, expiresAt } as const
    await queries.setMail(tx.trx, id, { email_id: await insertMail(tx, mail), mailed_at: now })
    return true
  })
  if (!isMailed) throw cooldown(await queries.findProof(db, user.id, purpose), now)
}

/** How long it takes until another mail may go out. */
export function cooldown(challenge: queries.ChallengeRow | undefined, now: Date): DomainError {
  const isUsedUp = challenge !== undefined && challenge.tries >= maxTries
  const untilMs = isUsedUp ? challenge.expires_at.getTime() : (challenge?.mailed_at ?? now).getTime() + mailCooldownMs
  return new DomainError('COOLDOWN', {
    retryAfterSeconds: Math.max(1, Math.ceil((untilMs - now.getTime()) / 1_000)),
    ...(isUsedUp && { message: 'Too many wrong codes. Wait before you ask for another.' }),
  })
}

/**
 * Checks the code that {@link mailProofCode} sent: five tries, counted before the code is looked at.
 * @throws DomainError OTP_INVALID, ACCOUNT_LOCKED
 */
export function checkProofCode(
  context: Context,
  user: UserRow,
  { purpose, code, origin }: { purpose: queries.ProofPurpose; code: string; origin: Origin },
): Promise<RightCode<'otp'>> {
  const { db, config, clock } = context
  return tryCode(context, { user, origin, use: purpose }, async () => {
    const proof = await queries.takeTry(db, { userId: user.id, purpose }, limitsAt(clock.now()))
    if (!proof?.email_id) throw new DomainError('OTP_INVALID')
    const mail = { template: 'login-code', emailId: proof.email_id } as const
    if (!isMailCode(config.keys.mailCode, mail, code)) return undefined
    return {
      kind: 'otp',
      async use({ trx }) {
        if (!(await queries.use(trx, proof, clock.now()))) throw new DomainError('OTP_INVALID')
      },
    }
  })
}
