import { DomainError } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import { lockUser, setTwoFactorMethod } from '../accounts/accounts.service.ts'
import { endChallenges } from '../one-time-codes/one-time-codes.service.ts'
import { sendSecurityAlert } from '../security-events/security-alert.ts'
import { forceRenewal } from '../sessions/renew-access.ts'
import * as queries from './two-factor.queries.ts'

type ResetDeps = Pick<Deps, 'transact' | 'clock'> & { cache: Pick<Deps['cache'], 'invalidate'> }

/**
 * Removes the second factor of a user who has lost the app and the recovery codes, and alerts them. The operator has
 * verified their identity. Their organization may require them to set one up again. Without a second factor nothing
 * changes.
 * @returns the method before
 * @throws DomainError NOT_FOUND
 */
export async function resetFactor(deps: ResetDeps, userId: string): Promise<queries.FactorMethod> {
  const now = deps.clock.now()
  return deps.transact(async (tx) => {
    const user = await lockUser(tx.trx, userId)
    if (!user || user.anonymised_at) throw new DomainError('NOT_FOUND')
    const method = user.two_factor_method as queries.FactorMethod
    if (method === 'none') return method
    await queries.deleteTotp(tx.trx, userId)
    await queries.replaceRecoveryCodes(tx.trx, userId, [], now)
    await endChallenges(tx.trx, userId, now)
    await setTwoFactorMethod(deps, tx, userId, 'none', now)
    await forceRenewal(tx.trx, { userId }, now)
    tx.audit({
      action: 'auth.two_factor_disabled',
      actorId: null,
      targetType: 'user',
      targetId: userId,
      before: { twoFactorMethod: method },
      after: { twoFactorMethod: 'none', by: 'operator' },
    })
    const { name, timezone } = user
    const data = { name, timezone, at: now.toISOString(), device: null, ip: null, change: 'off' } as const
    await sendSecurityAlert(tx, user, { template: 'two-factor-changed', data })
    return method
  })
}
