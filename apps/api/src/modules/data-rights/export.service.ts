import { Readable } from 'node:stream'
import { DomainError } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import type { Reads } from '../../http/reads/reads.ts'
import { findUser, type UserRow } from '../accounts/accounts.service.ts'
import { toUser } from '../accounts/user-view.ts'
import { getPreferences } from '../profile/preferences.service.ts'
import type { Cursor } from './export.queries.ts'
import { type Owner, type Section, sections, type UrlOf } from './export-sections.ts'

/**
 * Exports everything that Muster stores about the actor, as the text of one JSON object. Reads and sends it page by page:
 * neither is the whole export held in memory, nor does a slow client keep a connection to Postgres. So the export is not a
 * snapshot of one moment. The audit event is written before the first byte.
 * @throws DomainError UNAUTHENTICATED when the user no longer exists
 */
export async function exportUser(
  deps: Pick<Deps, 'db' | 'transact' | 'clock'> & { reads: Reads },
  { userId }: Actor,
  { origin, urlOf }: { origin: Origin; urlOf: UrlOf },
): Promise<{ filename: string; stream: Readable }> {
  const now = deps.clock.now()
  const row = await findUser(deps.db, userId)
  if (!row) throw new DomainError('UNAUTHENTICATED')
  const head = {
    exportedAt: now.toISOString(),
    profile: profileOf(row, now, urlOf),
    preferences: await getPreferences(deps, userId),
  }
  await deps.transact(async ({ audit }) =>
    audit({ action: 'user.exported', actorId: userId, targetType: 'user', targetId: userId, context: origin }),
  )
  const filename = `muster-${row.username}-${now.toISOString().slice(0, 10)}.json`
  return { filename, stream: Readable.from(exportText(deps, row, head, urlOf)) }
}

/** Returns the user's profile, completed by the columns that no other view shows. */
function profileOf(row: UserRow, now: Date, urlOf: UrlOf) {
  const user = toUser(row, now)
  return {
    ...user,
    avatarUrl: user.avatarUrl && urlOf(user.avatarUrl),
    lastSeenAt: row.last_seen_at,
    googleId: row.google_id,
    isActive: row.is_active,
    updatedAt: row.updated_at,
  }
}

async function* exportText(
  deps: Pick<Deps, 'db'> & { reads: Reads },
  user: UserRow,
  head: object,
  urlOf: UrlOf,
): AsyncGenerator<string> {
  yield JSON.stringify(head).slice(0, -1)
  for (const section of sections) {
    yield `,\n${JSON.stringify(section.name)}:[`
    let separator = '\n'
    for await (const rows of pagesOf(section, deps, { ...user, urlOf })) {
      yield separator + rows.map((row) => JSON.stringify(row)).join(',\n')
      separator = ',\n'
    }
    yield ']'
  }
  yield '}\n'
}

async function* pagesOf(section: Section, { db, reads }: Pick<Deps, 'db'> & { reads: Reads }, owner: Owner) {
  const read = (after: Cursor | undefined) =>
    section.isShared
      ? section.read(db, owner, after)
      : reads.read((server) => section.read(server, owner, after), 'bySession')
  let { rows, next } = await read(undefined)
  if (rows.length > 0) yield rows
  while (next) {
    ;({ rows, next } = await read(next))
    if (rows.length > 0) yield rows
  }
}
