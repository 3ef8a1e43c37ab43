import type { TransactContext } from '@muster/jobs/outbox'

/**
 * Signals that it may have changed who sees a user's presence, or whose presence the user sees: instances then check anew what their
 * sockets may know.
 */
export const announcePresence = ({ signal }: Pick<TransactContext, 'signal'>, userId: string): void =>
  signal({ room: `user:${userId}`, event: 'presence', userId, isAccess: true })
