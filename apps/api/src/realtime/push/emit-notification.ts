import type { Notification } from '@muster/realtime/shapes'
import type { Connection } from '../connections.ts'
import type { Gateway } from '../gateway.ts'

/**
 * Emits a notification to the connections to which it is new; an invitation's also under the names of earlier servers.
 * @returns false when nothing may be emitted now
 */
export function emitNotification(
  { emit }: Pick<Gateway, 'emit'>,
  targets: readonly Connection[],
  { change, notification }: { change: number; notification: Notification },
): boolean {
  const { data, message, createdAt } = notification
  const payload = { type: data.event, message, timestamp: createdAt, change, notification }
  if (!emit(targets, 'notification', payload)) return false
  if (data.event === 'inviteAccepted' || data.event === 'inviteStatusUpdate') {
    const { event, ...invitation } = data
    emit(targets, event, invitation)
  }
  return true
}
