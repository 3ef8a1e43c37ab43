import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { TemplateData } from '@muster/mail'
import type { Context } from '../../context.ts'
import type { Origin } from '../../http/actor.ts'
import { lockUser, setTwoFactorMethod, type UserRow } from '../accounts/accounts.service.ts'
import * as challenges from '../one-time-codes/challenges.queries.ts'
import { happened } from '../security-events/event-details.ts'
import { tellOfSafety } from '../security-events/security-alert.ts'
import { forceRenewal } from '../sessions/renew-access.ts'
import type * as queries from './two-factor.queries.ts'

type Change = {
  /** What is on before; anything else was changed by somebody faster. */
  from: queries.FactorMethod
  to: queries.FactorMethod
  action: 'auth.two_factor_enabled' | 'auth.two_factor_disabled' | 'auth.recovery_codes_renewed'
  /** As the mail tells it. */
  change: TemplateData<'two-factor-changed'>['change']
  origin: Origin
}

/**
 * Everything that a change of somebody's second factor brings with it, in one transaction that holds their row: what is
 * under way ends, they are told, and the claims of their sessions are renewed.
 * @param write what changes beside the method
 * @throws DomainError CONFLICT when the factor is not what it was
 */
export async function changeFactor(
  context: Context,
  { id }: UserRow,
  { from, to, action, change, origin }: Change,
  write: (tx: TransactContext, now: Date) => Promise<void>,
): Promise<void> {
  const now = context.clock.now()
  await context.transact(async (tx) => {
    const user = await lockUser(tx.trx, id)
    if (!user) throw new DomainError('UNAUTHENTICATED')
    if (user.two_factor_method !== from) throw new DomainError('CONFLICT')
    await write(tx, now)
    await challenges.endAll(tx.trx, id, now)
    if (to !== from) {
      await setTwoFactorMethod(context, tx, id, to, now)
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
    const data = { ...happened(user, origin, now), change }
    await tellOfSafety(tx, user, { template: 'two-factor-changed', data })
  })
}
