import { expireInvites } from '@muster/jobs/definitions'
import { handle } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { expireSome } from './expire-invites.queries.ts'

const invitesPerTransaction = 500

/** Expires overdue invitations, each with an audit event. Skips those that another transaction is accepting or resending. */
export function expireInvitesHandler({ clock }: Pick<Deps, 'clock'>) {
  return handle(expireInvites, async (_payload, { log, signal, transact }) => {
    let expired = 0
    for (let count = invitesPerTransaction; count === invitesPerTransaction; expired += count) {
      signal.throwIfAborted()
      count = await transact(async ({ trx, audit, signal }) => {
        const ended = await expireSome(trx, invitesPerTransaction, clock.now())
        for (const { id, inviterId } of ended) {
          signal({ room: `user:${inviterId}`, event: 'invite', id })
          audit({
            action: 'invite.expired',
            actorId: null,
            targetType: 'invite',
            targetId: id,
            before: { status: 'pending' },
            after: { status: 'expired' },
          })
        }
        return ended.length
      })
    }
    log.info({ component: 'retention', expired }, 'invitations expired')
  })
}
