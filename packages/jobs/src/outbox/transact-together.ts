import { type Db, inGroups, isRefusal, type Origin, runShared, traceShared } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'
import {
  auditColumns,
  auditOfRecord,
  auditRecord,
  collectEffects,
  type Effects,
  type Nudge,
  outboxColumns,
  outboxRecord,
} from './effects.ts'

/** A write that concurrent requests share. Its SQL does not depend on the items, so that it stays one prepared statement. */
export type SharedWrite<Item, Row> = {
  /** Converts an item to an object with the columns of `given`. */
  toGiven(item: Item): { id: string }
  /** SQL: names and types of the columns of `given`; among them `id uuid`, different for each item. */
  columns: RawBuilder<unknown>
  /**
   * SQL: CTEs that write the rows of the CTE `given`. One of them is named `written`: it has the `id` of each item whose write took
   * place, and further columns for its caller.
   */
  ctes: RawBuilder<Row>
}

/**
 * Runs a write together with those of concurrent requests, in one statement, which is a transaction of its own. Where Postgres refuses
 * the statement, or a row stays locked for longer than {@link patienceMs}, each item is written alone, so that none fails because of another.
 * @param fn adds the effects, which take place exactly when the item's write does
 * @returns the row of `written`, undefined when the write did not take place
 */
export type TransactTogether = <Item, Row extends object>(
  write: SharedWrite<Item, Row>,
  item: Item,
  fn: (effects: Effects) => void,
) => Promise<Row | undefined>

type Entry = ReturnType<typeof collectEffects> &
  PromiseWithResolvers<object | undefined> & { given: { id: string }; origin: Origin }

/** Two, so that this process prepares one while Postgres writes the other. */
export const groupRules = { maxRunning: 2, maxItems: 64, slowMs: 100 }
/** For how long a group waits for a lock that one of its items needs. */
export const patienceMs = 100

/** Creates the form of `transact` for the most frequent writes of all. */
export function createTransactTogether({ db, publisher }: { db: Db; publisher: Nudge }): TransactTogether {
  // biome-ignore lint/suspicious/noExplicitAny: of all writes
  const groups = new Map<SharedWrite<any, any>, (entry: Entry) => void>()
  const groupOf = (write: SharedWrite<never, object>) => {
    const known = groups.get(write) ?? inGroups<Entry>((entries) => writeAll(db, write, entries), groupRules)
    groups.set(write, known)
    return known
  }
  return async (write, item, fn) => {
    const collected = collectEffects()
    fn(collected.effects)
    const given = write.toGiven(item)
    const row = await traceShared((origin) => {
      const entry: Entry = { ...collected, ...Promise.withResolvers(), given, origin }
      groupOf(write)(entry)
      return entry.promise
    })
    if (row) await collected.runAfterCommit(publisher)
    return row as never
  }
}

type AnyWrite = Pick<SharedWrite<never, object>, 'columns' | 'ctes'>

async function writeAll(db: Db, write: AnyWrite, entries: Entry[]): Promise<void> {
  try {
    const rows = await runShared(
      entries.map(({ origin }) => origin),
      () => execute(db, write, entries),
    )
    const byId = new Map(rows.map((row) => [row.id, row]))
    for (const { given, resolve } of entries) resolve(byId.get(given.id))
  } catch (error) {
    // Not awaited: the next group need not wait for an item that waits for a lock.
    if (entries.length > 1 && isRefusal(error)) for (const entry of entries) void writeAll(db, write, [entry])
    else for (const { reject } of entries) reject(error)
  }
}

async function execute(db: Db, { columns, ctes }: AnyWrite, entries: Entry[]): Promise<{ id: string }[]> {
  const given = JSON.stringify(entries.map((entry) => entry.given))
  const patience = entries.length > 1 ? String(patienceMs) : null
  // Each row to write is read beside the patience, which therefore is set before anything waits for a lock.
  const { rows } = await sql<{ id: string }>`
    with patience as materialized (
      select set_config('lock_timeout', coalesce(${patience}, current_setting('lock_timeout')), true)
    ), given as materialized (
      select item.* from patience, json_to_recordset(${given}::json) as item (${columns})
    ), ${sql.join([ctes, ...insertEvents(entries), ...insertJobs(entries)])}
    select * from written`.execute(db)
  return rows
}

function insertEvents(entries: Entry[]): RawBuilder<unknown>[] {
  const events = entries.flatMap(({ given, events }) => events.map((event) => ({ item: given.id, ...event })))
  if (events.length === 0) return []
  return [
    sql`audited as (
      insert into audit_pending (${auditColumns})
      select ${auditOfRecord} from json_to_recordset(${JSON.stringify(events)}::json) as event (item uuid, ${auditRecord})
      where item in (select id from written)
    )`,
  ]
}

function insertJobs(entries: Entry[]): RawBuilder<unknown>[] {
  const jobs = entries.flatMap(({ given, jobs }) => jobs.map((job) => ({ item: given.id, ...job })))
  if (jobs.length === 0) return []
  return [
    sql`enqueued as (
      insert into outbox (${outboxColumns})
      select ${outboxColumns} from json_to_recordset(${JSON.stringify(jobs)}::json) as job (item uuid, ${outboxRecord})
      where item in (select id from written)
    )`,
  ]
}
