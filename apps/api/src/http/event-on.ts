import type { Origin } from './actor.ts'

/** Returns the fields of an audit event that tell its actor, its target and where the request came from. */
export const eventOn = (targetType: string, targetId: string, actorId: string, origin: Origin) => ({
  actorId,
  targetType,
  targetId,
  context: origin,
})
