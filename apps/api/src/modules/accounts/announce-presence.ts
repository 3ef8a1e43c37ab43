import type { TransactContext } from '@muster/jobs/outbox'

/**
 * Signals that a user's presence changed, or who may see it: instances then compute anew what those see who watch the user, and what
 * the user sees of those whom they watch.
 */
export const announcePresence = ({ signal }: Pick<TransactContext, 'signal'>, userId: string): void =>
  signal({ room: `user:${userId}`, event: 'presence', userId })
