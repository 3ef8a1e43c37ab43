import { currentCause } from '@muster/cause'
import { type Json, newId } from '@muster/db'

/** An audit event: actor, action, target and origin. `before` and `after` contain no secrets. */
export type AuditEvent = {
  /** `thing.happened`, e.g. `task.completed`. */
  action: string
  /** Null when nobody was signed in, or when Muster itself acted. */
  actorId: string | null
  targetType: string
  targetId: string
  before?: Json
  after?: Json
  /** `requestId` for an event that is recorded after its request; by default it is that of the running code. */
  context?: { ip?: string; userAgent?: string; requestId?: string }
}

/** Converts the event to a row of `audit_pending`, which the audit worker moves into the chain. */
export function auditRow(event: AuditEvent) {
  return {
    id: newId(),
    action: event.action,
    actor_id: event.actorId,
    target_type: event.targetType,
    target_id: event.targetId,
    ip: event.context?.ip ?? null,
    user_agent: event.context?.userAgent ?? null,
    request_id: event.context?.requestId ?? currentCause()?.requestId ?? null,
    before: event.before === undefined ? null : JSON.stringify(event.before),
    after: event.after === undefined ? null : JSON.stringify(event.after),
  }
}
