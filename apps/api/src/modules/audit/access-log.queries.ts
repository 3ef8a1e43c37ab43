import type { Db } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'
import { type AuditPosition, eventMicros, isBeyond, unestimated } from '../../sql/audit-position.ts'
import { limitLiteral } from '../../sql/limit-literal.ts'

export type AccessRow = {
  id: string
  seq: number
  micros: number
  action: string
  createdAt: Date
  actorName: string | null
  actorRole: string | null
}

/** How many events that name several users one page looks through, so that its cost is bounded. */
export const searchedEvents = 2_000

type Page = {
  userId: string
  /** Actions whose target is the user. */
  direct: readonly string[]
  /** Actions whose `after.userIds` name the users concerned. */
  shared: readonly string[]
  after: AuditPosition | undefined
  count: number
}

/**
 * Lists accesses of others to data of the user, the newest first. Those that name several users are searched backwards in time, a bounded
 * number of events a page.
 * @returns the rows, and the position up to which it was searched; undefined when the log was searched to its beginning
 */
export async function listAccesses(
  db: Db,
  page: Page,
): Promise<{ rows: AccessRow[]; searchedTo: AuditPosition | undefined }> {
  const floor = await findFloor(db, page)
  return { rows: (await accessesPage(page, floor).execute(db)).rows, searchedTo: floor }
}

/** Finds the event that ends the search of a page. */
async function findFloor(db: Db, { shared, after }: Page): Promise<AuditPosition | undefined> {
  const { rows } = await sql<AuditPosition>`
    select ${eventMicros} as micros, event.seq from (${sharedEvents(shared, after)}) event
    order by event.created_at desc, event.seq desc offset ${searchedEvents - 1} limit 1`.execute(db)
  return rows[0]
}

/** Reads each action from its own index, and only as far as the search reaches. */
const sharedEvents = (actions: readonly string[], after: AuditPosition | undefined) =>
  sql.join(
    actions.map(
      (action) => sql`(
        select event.* from audit_events event where event.action = ${sql.lit(action)} and ${isAfter(after)}
        order by event.created_at desc, event.seq desc limit ${sql.lit(searchedEvents)}
      )`,
    ),
    sql` union all `,
  )

const isAfter = (after: AuditPosition | undefined) => (after ? isBeyond(after, 'newest-first') : sql`true`)

/** The limit makes Postgres look the personal part up row by row, regardless of its estimates. */
const withPersonal = sql`left join lateral (select after from audit_personal where event_id = event.id limit 1) personal on true`

/** Builds the statement of a page that ends at `floor`. */
export function accessesPage(
  { userId, direct, shared, after, count }: Page,
  floor: AuditPosition | undefined,
): RawBuilder<AccessRow> {
  const isAboveFloor = floor ? sql`not ${isBeyond(floor, 'newest-first')}` : sql`true`
  // Without an actor, only what the command line did is an access; other such events are the system's own.
  const isByOther = sql`(event.actor_id <> ${userId}::uuid or event.actor_id is null and personal.after ->> 'by' = 'operator')`
  return sql<AccessRow>`
    select event.id, event.seq, ${eventMicros} as micros, event.action, event.created_at as "createdAt",
      users.name as "actorName", users.role as "actorRole"
    from (
      (
        select event.* from audit_events event ${withPersonal}
        where event.target_id = ${userId}::text and ${unestimated(sql`event.target_type = 'user'`)}
          and ${unestimated(sql`event.action = any(${direct}::text[])`)} and ${isByOther}
          and ${isAfter(after)} and ${isAboveFloor}
        order by event.created_at desc, event.seq desc limit ${limitLiteral(count)}
      ) union all (
        select event.* from (${sharedEvents(shared, after)}) event ${withPersonal}
        where ${isAboveFloor} and ${isByOther} and personal.after -> 'userIds' ? ${userId}::text
        order by event.created_at desc, event.seq desc limit ${limitLiteral(count)}
      )
    ) event
    left join users on users.id = event.actor_id
    order by event.created_at desc, event.seq desc limit ${limitLiteral(count)}`
}
