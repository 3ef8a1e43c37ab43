import type { ListedAuditEvent } from '@muster/client'
import { m } from '../../paraglide/messages.js'

/** Returns who did something: a person, somebody whose request had no sign-in, or Muster (a worker or a command), whose events have no address. */
export function authorOf(event: ListedAuditEvent): string {
  const { actor, actorId, ip } = event
  if (actorId !== null) return actor?.name ?? actorId
  return ip === null && !isMaybeErased(event) ? m.ops_audit_muster() : m.ops_audit_nobody()
}

/** Tells whether the event may have had an address, which was erased with the user whom it is about. */
const isMaybeErased = ({ action, targetType, requestId, before, after }: ListedAuditEvent) =>
  targetType === 'user' &&
  !action.startsWith('user.anonymis') &&
  [requestId, before, after].every((field) => field === null)
