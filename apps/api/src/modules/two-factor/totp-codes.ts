import { DomainError } from '@muster/errors'
import { hashRecoveryCode, seal, totpSealContext, totpStep, unseal } from '@muster/security'
import type { Context } from '../../context.ts'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import type { RightCode } from '../one-time-codes/mailed-codes.ts'
import { happened } from '../security-events/event-details.ts'
import { tellOfSafety } from '../security-events/security-alert.ts'
import { type PendingSecret, unpackSecrets } from './pending-secrets.ts'
import * as queries from './two-factor.queries.ts'

export function sealSecret({ config }: Pick<Deps, 'config'>, userId: string, secret: Uint8Array) {
  const { keyId, sealed } = seal(config.keys.encryption, secret, totpSealContext(userId))
  return { key_id: keyId, sealed }
}

/** The secrets of a pending row that were begun after `since`, the newest first. */
export function readPending(
  { config }: Pick<Deps, 'config'>,
  { user_id: userId, key_id: keyId, sealed, created_at: startedAt }: queries.TotpRow,
  since: Date,
): PendingSecret[] {
  const packed = unseal(config.keys.encryption, { keyId, sealed }, totpSealContext(userId))
  return unpackSecrets(packed, startedAt).filter((pending) => pending.startedAt > since)
}

/** The secret that this code is of, and the code's time step; undefined for a wrong code. */
export function matchPending(pending: readonly PendingSecret[], code: string, now: Date) {
  for (const { secret } of pending) {
    const step = totpStep(secret, code, now)
    if (step !== undefined) return { secret, step }
  }
  return undefined
}

/** The time step of a code of this app; undefined for a wrong code, and for one whose step was accepted before. */
export function readStep(
  { config, clock }: Pick<Deps, 'config' | 'clock'>,
  { user_id: userId, key_id: keyId, sealed, last_step: lastStep }: queries.TotpRow,
  code: string,
): number | undefined {
  const secret = unseal(config.keys.encryption, { keyId, sealed }, totpSealContext(userId))
  const step = totpStep(secret, code, clock.now())
  return step !== undefined && step > lastStep ? step : undefined
}

/** What the code means for a person whose factor is an app: its code, or a recovery code; undefined when it is wrong. */
export async function readTotpCode(
  context: Context,
  user: UserRow,
  { code, origin }: { code: string; origin: Origin },
): Promise<RightCode<'totp' | 'recovery-code'> | undefined> {
  const codeHash = hashRecoveryCode(code)
  if (codeHash) return readRecoveryCode(context, user, { codeHash, origin })
  const row = await queries.findTotp(context.db, user.id)
  const step = row && readStep(context, row, code)
  if (!row || step === undefined) return undefined
  return {
    kind: 'totp',
    async use({ trx }) {
      if (!(await queries.acceptStep(trx, row.id, step))) throw new DomainError('OTP_INVALID')
    },
  }
}

async function readRecoveryCode(
  { db, clock }: Context,
  user: UserRow,
  { codeHash, origin }: { codeHash: Buffer; origin: Origin },
): Promise<RightCode<'recovery-code'> | undefined> {
  if (!(await queries.hasRecoveryCode(db, user.id, codeHash))) return undefined
  return {
    kind: 'recovery-code',
    async use(tx) {
      const now = clock.now()
      if (!(await queries.useRecoveryCode(tx.trx, user.id, codeHash, now))) throw new DomainError('OTP_INVALID')
      tx.audit({
        action: 'auth.recovery_code_used',
        actorId: user.id,
        targetType: 'user',
        targetId: user.id,
        context: origin,
      })
      const data = { ...happened(user, origin, now), change: 'recovery-code-used' } as const
      await tellOfSafety(tx, user, { template: 'two-factor-changed', data })
    },
  }
}
