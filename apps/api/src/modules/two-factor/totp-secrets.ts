import { seal, totpSealContext, unseal } from '@muster/security/seal'
import { totpStep } from '@muster/security/totp'
import type { Deps } from '../../deps.ts'
import { type PendingSecret, unpackSecrets } from './pending-secrets.ts'
import type { TotpRow } from './two-factor.queries.ts'

/** Seals a user's secret, or their packed pending secrets, with the current encryption key. */
export function sealSecret({ config }: Pick<Deps, 'config'>, userId: string, secret: Uint8Array) {
  const { keyId, sealed } = seal(config.keys.encryption, secret, totpSealContext(userId))
  return { key_id: keyId, sealed }
}

/** Unseals the secrets of a pending row whose set-up began after `since`, the newest first. */
export function unsealPending(
  { config }: Pick<Deps, 'config'>,
  { user_id: userId, key_id: keyId, sealed, created_at: startedAt }: TotpRow,
  since: Date,
): PendingSecret[] {
  const packed = unseal(config.keys.encryption, { keyId, sealed }, totpSealContext(userId))
  return unpackSecrets(packed, startedAt).filter((pending) => pending.startedAt > since)
}

/** Finds the pending secret that made this code, and the code's time step; undefined for a wrong code. */
export function findSecretOfCode(pending: readonly PendingSecret[], code: string, now: Date) {
  for (const { secret } of pending) {
    const step = totpStep(secret, code, now)
    if (step !== undefined) return { secret, step }
  }
  return undefined
}

/** Computes the time step of a code of this app; undefined for a wrong code, and for a step that was accepted before. */
export function newStepOfCode(
  { config, clock }: Pick<Deps, 'config' | 'clock'>,
  { user_id: userId, key_id: keyId, sealed, last_step: lastStep }: TotpRow,
  code: string,
): number | undefined {
  const secret = unseal(config.keys.encryption, { keyId, sealed }, totpSealContext(userId))
  const step = totpStep(secret, code, clock.now())
  return step !== undefined && step > lastStep ? step : undefined
}
