import type { Notification } from '@muster/realtime/shapes'
import type { Connection } from '../connections.ts'
import type { Gateway } from '../gateway.ts'

type Change = { change: number; createdChange: number; notification: Notification }

/**
 * Emits a notification to the connections to which it is new, by the changes that they know; an invitation's also under the names of
 * earlier servers.
 * @returns false when nothing may be emitted now
 */
export function emitNotification(
  { emit }: Pick<Gateway, 'emit'>,
  known: ReadonlyMap<Connection, number>,
  { change, createdChange, notification }: Change,
): boolean {
  const targets = [...known].flatMap(([connection, seen]) => (seen < createdChange ? [connection] : []))
  const { data, message, createdAt } = notification
  const payload = { type: data.event, message, timestamp: createdAt, change, notification }
  if (!emit(targets, 'notification', payload)) return false
  if (data.event === 'inviteAccepted' || data.event === 'inviteStatusUpdate') {
    const { event, ...invitation } = data
    emit(targets, event, invitation)
  }
  return true
}
