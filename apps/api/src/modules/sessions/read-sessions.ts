import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { actorOf } from './session-grant.ts'
import * as queries from './sessions.queries.ts'

/** A session as Postgres has it: its actor with the claims of now, or the reason for which it has ended. */
export type SessionNow = { actor: Actor; expiresAtMs: number } | { ended: 'revoked' | 'expired' | 'deactivated' }

/** Reads sessions by their ids in one query. A session without a row has ended. */
export async function readSessions(
  { lookups, clock }: Pick<Deps, 'lookups' | 'clock'>,
  ids: readonly string[],
): Promise<Map<string, SessionNow>> {
  const rows = await queries.listWithUser(lookups, ids)
  const found = new Map(rows.map((row) => [row.id, row]))
  const now = clock.now()
  return new Map(ids.map((id) => [id, stateOf(found.get(id), now)]))
}

function stateOf(row: queries.SessionRow | undefined, now: Date): SessionNow {
  if (!row) return { ended: 'revoked' }
  if (!row.is_active) return { ended: 'deactivated' }
  if (row.revoked_at) return { ended: 'revoked' }
  if (row.expires_at <= now) return { ended: 'expired' }
  return { actor: actorOf(row), expiresAtMs: row.expires_at.getTime() }
}
