import { DomainError } from '@muster/errors'
import { deletionGraceMs } from '@muster/jobs/definitions'
import { insertMail } from '@muster/mail'
import type { Context } from '../../context.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { lockUser, setDeletionRequested } from '../accounts/accounts.service.ts'
import { isLastAdmin } from '../members/membership.service.ts'
import { type Confirmation, reauthenticate } from '../reauthentication/reauthenticate.ts'
import { endSessions } from '../sessions/end-sessions.ts'
import { sessionBeganAt } from '../sessions/sessions.service.ts'

/**
 * Ends every session and has the person made anonymous after 30 days, unless they sign in before.
 * @returns until when that is
 * @throws DomainError LAST_ADMIN, and whatever `reauthenticate` throws
 */
export async function requestDeletion(
  context: Context,
  actor: Actor,
  confirmation: Confirmation,
  origin: Origin,
): Promise<Date> {
  await reauthenticate(context, actor, confirmation, origin)
  const now = context.clock.now()
  const until = new Date(now.getTime() + deletionGraceMs)
  await context.transact(async (tx) => {
    const user = await lockUser(tx.trx, actor.userId)
    if (!user?.is_active) throw new DomainError('UNAUTHENTICATED')
    // Of two at once, the second comes with a session that the first has ended.
    await sessionBeganAt({ db: tx.trx }, actor)
    if (await isLastAdmin(tx.trx, user)) {
      throw new DomainError('LAST_ADMIN', {
        message:
          'You are the last client_admin of your organization. Make somebody else one first, or remove its members.',
      })
    }
    await setDeletionRequested(context, tx, user.id, now, now)
    await insertMail(tx, {
      template: 'account-deleted',
      to: user.email,
      userId: user.id,
      data: { name: user.name, timezone: user.timezone, until: until.toISOString() },
    })
    tx.audit({
      action: 'user.deletion_requested',
      actorId: user.id,
      targetType: 'user',
      targetId: user.id,
      after: { until: until.toISOString() },
      context: origin,
    })
    await endSessions(context, tx, user.id, { reason: 'account deleted', actorId: user.id, origin, now })
  })
  return until
}
