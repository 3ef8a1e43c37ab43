import type { Invalidator } from '@muster/cache'
import { DomainError } from '@muster/errors'
import { deletionGraceMs } from '@muster/jobs/definitions'
import { insertMail } from '@muster/mail'
import type { Actor, Origin } from '../../http/actor.ts'
import { lockUser, setDeletionRequested } from '../accounts/accounts.service.ts'
import { isLastAdmin } from '../members/membership.service.ts'
import type { PasswordDeps } from '../reauthentication/check-password.ts'
import { type Confirmation, reauthenticate } from '../reauthentication/reauthenticate.ts'
import { endSessions, type RevocationDeps } from '../sessions/end-sessions.ts'
import { sessionBeganAt } from '../sessions/sessions.service.ts'

type DeletionDeps = PasswordDeps & Invalidator & RevocationDeps

/**
 * Requests the deletion of the actor's account: ends all sessions and mails until when a sign-in cancels it. A worker makes
 * the account anonymous after 30 days.
 * @returns when that happens
 * @throws DomainError LAST_ADMIN, and those of {@link reauthenticate}
 */
export async function requestDeletion(
  deps: DeletionDeps,
  actor: Actor,
  confirmation: Confirmation,
  origin: Origin,
): Promise<Date> {
  await reauthenticate(deps, actor, confirmation, origin)
  const now = deps.clock.now()
  const until = new Date(now.getTime() + deletionGraceMs)
  await deps.transact(async (tx) => {
    const user = await lockUser(tx.trx, actor.userId)
    if (!user?.is_active) throw new DomainError('UNAUTHENTICATED')
    // Of two requests at once, the second finds its session ended by the first.
    await sessionBeganAt({ db: tx.trx }, actor)
    if (await isLastAdmin(tx.trx, user)) {
      throw new DomainError('LAST_ADMIN', {
        message:
          'You are the last client_admin of your organization. Make another member a client_admin first, or remove the other members.',
      })
    }
    await setDeletionRequested(deps, tx, user.id, now, now)
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
    await endSessions(deps, tx, user.id, { reason: 'account deleted', actorId: user.id, origin, now })
  })
  return until
}
