import { readInviteEvents } from '../../modules/invites/invite-events.service.ts'
import type { Connection } from '../connections.ts'
import type { Feature, Gateway } from '../gateway.ts'
import { collectViewers } from './collect-viewers.ts'

/**
 * Emits `invite:accepted` to the inviter, and `invite:status` to the admins of the organization and to the platform roles above the
 * inviter; every other status also to the inviter.
 */
export const pushInvites: Feature = (gateway, { log, clock }) => {
  collectViewers(gateway, log, {
    event: 'invite',
    staleKind: 'invites',
    connectionsOf: () => joined(gateway),
    async emitAll(rows) {
      const invites = await readInviteEvents(gateway.signals.db, [...rows.keys()], clock.now())
      for (const { invitation, isVisibleTo, isInviter } of invites) {
        const viewers = [...joined(gateway)].filter(({ actor }) => isVisibleTo(actor))
        const isTold = ({ actor }: Connection) => invitation.status === 'accepted' && isInviter(actor)
        gateway.emit(viewers.filter(isTold), 'invite:accepted', invitation)
        gateway.emit(
          viewers.filter((connection) => !isTold(connection)),
          'invite:status',
          invitation,
        )
      }
    },
  })
  return undefined
}

/** Yields the connections that have joined the room of their user. */
function* joined({ connections }: Gateway): Iterable<Connection> {
  for (const connection of connections.all())
    for (const own of connections.ofUser(connection.actor.userId)) if (own === connection) yield connection
}
