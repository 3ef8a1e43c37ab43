import type { Trx } from '@muster/db'
import { hashRecoveryCode, newRecoveryCodes } from '@muster/security/recovery-codes'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import type { CorrectCode } from '../one-time-codes/check-code.ts'
import { wrongCode } from '../one-time-codes/wrong-code.ts'
import { sendSecurityAlert } from '../security-events/security-alert.ts'
import { securityEventDetails } from '../security-events/security-event-details.ts'
import * as queries from './two-factor.queries.ts'

/** Creates ten recovery codes, and the function that stores them; the user's previous codes no longer work then. */
export function createRecoveryCodes(): {
  recoveryCodes: string[]
  store: (trx: Trx, userId: string, now: Date) => Promise<void>
} {
  const recoveryCodes = newRecoveryCodes()
  const hashes = recoveryCodes.map((code) => hashRecoveryCode(code) as Buffer)
  return { recoveryCodes, store: (trx, userId, now) => queries.replaceRecoveryCodes(trx, userId, hashes, now) }
}

/** Counts the user's unused recovery codes. */
export const countRecoveryCodes = ({ db }: Pick<Deps, 'db'>, userId: string): Promise<number> =>
  queries.countRecoveryCodes(db, userId)

/** Checks a recovery code by its hash; undefined when it is wrong or used. Its use is recorded, and the user alerted. */
export async function checkRecoveryCode(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  user: UserRow,
  { codeHash, origin }: { codeHash: Buffer; origin: Origin },
): Promise<CorrectCode<'recovery-code'> | undefined> {
  if (!(await queries.hasRecoveryCode(db, user.id, codeHash))) return undefined
  return {
    kind: 'recovery-code',
    async use(tx) {
      const now = clock.now()
      if (!(await queries.useRecoveryCode(tx.trx, user.id, codeHash, now))) throw wrongCode('recovery')
      tx.audit({
        action: 'auth.recovery_code_used',
        actorId: user.id,
        targetType: 'user',
        targetId: user.id,
        context: origin,
      })
      const data = { ...securityEventDetails(user, origin, now), change: 'recovery-code-used' } as const
      await sendSecurityAlert(tx, user, { template: 'two-factor-changed', data })
    },
  }
}
