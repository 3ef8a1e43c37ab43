import type { TransactContext } from '@muster/jobs/outbox'

/** Signals that an invitation was written. The receivers decide who may know, see `invitation-events.ts`. */
export const signalInvite = (
  { signal }: Pick<TransactContext, 'signal'>,
  { id, inviter_id }: { id: string; inviter_id: string },
): void => signal({ room: `user:${inviter_id}`, event: 'invite', id })
