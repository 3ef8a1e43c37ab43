import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { TemplateData } from '@muster/mail'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import { lockUser, setTwoFactorMethod, type UserRow } from '../accounts/accounts.service.ts'
import { endChallenges } from '../one-time-codes/one-time-codes.service.ts'
import { sendSecurityAlert } from '../security-events/security-alert.ts'
import { securityEventDetails } from '../security-events/security-event-details.ts'
import { forceRenewal } from '../sessions/renew-access.ts'
import type { FactorMethod } from './two-factor.queries.ts'

type Change = {
  /** The method before the change. With any other one, a parallel request was faster. */
  from: FactorMethod
  to: FactorMethod
  action: 'auth.two_factor_enabled' | 'auth.two_factor_disabled' | 'auth.recovery_codes_renewed'
  /** How the mail describes the change. */
  change: TemplateData<'two-factor-changed'>['change']
  origin: Origin
}

/**
 * Changes a user's second factor in one transaction that locks their row: ends their open challenges, renews the claims of
 * their sessions, records the change and alerts the user.
 * @param write writes what changes beside the method
 * @throws DomainError CONFLICT when the method is not `from`
 */
export async function changeFactor(
  deps: Pick<Deps, 'transact' | 'clock' | 'cache'>,
  { id }: UserRow,
  { from, to, action, change, origin }: Change,
  write: (tx: TransactContext, now: Date) => Promise<void>,
): Promise<void> {
  const now = deps.clock.now()
  await deps.transact(async (tx) => {
    const user = await lockUser(tx.trx, id)
    if (!user) throw new DomainError('UNAUTHENTICATED')
    if (user.two_factor_method !== from) throw new DomainError('CONFLICT')
    await write(tx, now)
    await endChallenges(tx.trx, id, now)
    if (to !== from) {
      await setTwoFactorMethod(deps, tx, id, to, now)
      await forceRenewal(tx.trx, { userId: id }, now)
    }
    tx.audit({
      action,
      actorId: id,
      targetType: 'user',
      targetId: id,
      before: { twoFactorMethod: from },
      after: { twoFactorMethod: to },
      context: origin,
    })
    const data = { ...securityEventDetails(user, origin, now), change }
    await sendSecurityAlert(tx, user, { template: 'two-factor-changed', data })
  })
}
