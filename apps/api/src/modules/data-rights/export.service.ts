import { Readable } from 'node:stream'
import { DomainError } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { findUser, type UserRow } from '../accounts/accounts.service.ts'
import { toUser } from '../accounts/user-view.ts'
import { getPreferences } from '../profile/preferences.service.ts'
import { type Section, sections } from './export-sections.ts'

/**
 * Everything that Muster holds about the person, as the text of one JSON object. It is read and sent page by page: neither
 * is it ever held whole, nor does it keep a connection to Postgres while a slow client takes its time. So it is no
 * snapshot of one moment. The audit event is written before the first byte.
 * @throws DomainError UNAUTHENTICATED when the person is gone
 */
export async function exportPerson(
  deps: Pick<Deps, 'db' | 'transact' | 'clock'>,
  { userId }: Actor,
  { origin }: { origin: Origin },
): Promise<{ filename: string; stream: Readable }> {
  const now = deps.clock.now()
  const row = await findUser(deps.db, userId)
  if (!row) throw new DomainError('UNAUTHENTICATED')
  const head = {
    exportedAt: now.toISOString(),
    profile: profileOf(row, now),
    preferences: await getPreferences(deps, userId),
  }
  await deps.transact(async ({ audit }) =>
    audit({ action: 'user.exported', actorId: userId, targetType: 'user', targetId: userId, context: origin }),
  )
  const filename = `muster-${row.username}-${now.toISOString().slice(0, 10)}.json`
  return { filename, stream: Readable.from(textOf(deps, row, head)) }
}

/** The person as they see themselves, and what of the row nobody else needs. */
const profileOf = (row: UserRow, now: Date) => ({
  ...toUser(row, now),
  lastSeenAt: row.last_seen_at,
  googleId: row.google_id,
  isActive: row.is_active,
  updatedAt: row.updated_at,
})

async function* textOf({ db }: Pick<Deps, 'db'>, person: UserRow, head: object): AsyncGenerator<string> {
  yield JSON.stringify(head).slice(0, -1)
  for (const section of sections) {
    yield `,\n${JSON.stringify(section.name)}:[`
    let separator = '\n'
    for await (const rows of pagesOf(section, db, person)) {
      yield separator + rows.map((row) => JSON.stringify(row)).join(',\n')
      separator = ',\n'
    }
    yield ']'
  }
  yield '}\n'
}

async function* pagesOf(section: Section, db: Deps['db'], person: UserRow) {
  let { rows, next } = await section.read(db, person, undefined)
  if (rows.length > 0) yield rows
  while (next) {
    ;({ rows, next } = await section.read(db, person, next))
    if (rows.length > 0) yield rows
  }
}
