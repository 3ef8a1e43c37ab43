import type { ListedAuditEvent } from '@muster/client'
import { m } from '../../paraglide/messages.js'

type Authored = Pick<ListedAuditEvent, 'actor' | 'actorId' | 'ip' | 'action' | 'targetType' | 'before' | 'after'> & {
  /** Missing of an event that was found by it, whose personal part is not erased. */
  requestId?: string | null
}

/** Returns who did something: a person, somebody whose request had no sign-in, or Muster (a worker or a command), whose events have no address. */
export function authorOf(event: Authored): string {
  const { actor, actorId, ip } = event
  if (actorId !== null) return actor?.name ?? actorId
  return ip === null && !isMaybeErased(event) ? m.ops_audit_muster() : m.ops_audit_nobody()
}

/** Tells whether the event may have had an address, which was erased with the user whom it is about. */
const isMaybeErased = ({ action, targetType, requestId, before, after }: Authored) =>
  targetType === 'user' &&
  !action.startsWith('user.anonymis') &&
  [requestId, before, after].every((field) => field === null)
