import type { Role } from '@muster/policy'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { cursorPage } from '../../http/pagination.ts'
import { auditCursors } from '../../sql/audit-position.ts'
import { type AccessRow, listAccesses } from './access-log.queries.ts'
import type { AccessLogEntry, AccessLogQuery } from './access-log.schema.ts'

type Access = Pick<AccessLogEntry, 'access' | 'subject' | 'isList'>

const read = (subject: Access['subject'], isList = false): Access => ({ access: 'read', subject, isList })
const changed = (subject: Access['subject']): Access => ({ access: 'changed', subject, isList: false })

/** The accesses whose target is the user, by their action. What others do between themselves and the user, such as blocking, is none. */
const direct: Readonly<Record<string, Access>> = {
  'admin.user_read': read('profile'),
  'admin.user_sessions_read': read('sessions'),
  'admin.user_factors_read': read('secondFactor'),
  'user.role_changed': changed('role'),
  'user.deactivated': changed('activation'),
  'user.reactivated': changed('activation'),
  'organization.member_removed': changed('membership'),
  'user.sessions_revoked': changed('sessions'),
  'auth.two_factor_disabled': changed('secondFactor'),
}

/** The accesses that can concern several users, whom `after.userIds` names. */
const shared: Readonly<Record<string, Access>> = {
  'admin.users_listed': read('profile', true),
  'admin.emails_listed': read('mail', true),
  'admin.email_read': read('mail'),
  'message.reports_read': read('report', true),
}

/**
 * Lists the accesses of other people to the actor's data, the newest first, from the audit log. A page can have fewer entries than its
 * limit, or none, and still be followed by others.
 * @throws DomainError VALIDATION_FAILED for an invalid cursor
 */
export async function listAccessLog({ db }: Pick<Deps, 'db'>, { userId }: Actor, { limit, cursor }: AccessLogQuery) {
  const after = cursor === undefined ? undefined : auditCursors.decode(cursor)
  const actions = { direct: Object.keys(direct), shared: Object.keys(shared) }
  const { rows, searchedTo } = await listAccesses(db, { userId, ...actions, after, count: limit + 1 })
  const shown = rows.slice(0, limit)
  const next = rows.length > limit ? shown.at(-1) : searchedTo
  const nextCursor = next ? auditCursors.encode(next) : null
  return { accesses: shown.flatMap(toEntry), pagination: cursorPage({ limit, nextCursor }) }
}

function toEntry({ id, action, createdAt, actorName: name, actorRole: role }: AccessRow): AccessLogEntry[] {
  const access = direct[action] ?? shared[action]
  if (!access) return []
  const actor = name !== null && role !== null ? { name, role: role as Role } : null
  return [{ id, ...access, actor, createdAt: createdAt.toISOString() }]
}
