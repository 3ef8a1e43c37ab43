import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../apps.ts'
import { rssMiB } from '../child.ts'
import { milliseconds, seconds } from '../figures.ts'
import type { Plan } from '../plan.ts'
import type { Line, Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { median } from '../statistics.ts'

const claimGoalMs = 2_000
const burstGoalMs = 1_000
const patienceMs = 300_000
const idleSeconds = ({ isSmoke }: Plan) => (isSmoke ? 1 : 5)

/** Milliseconds from the due time until 99 % of the deliveries are committed, and until all are. */
type Burst = { p99Ms: number; maxMs: number; rssMiB: number }

export const reminders: Row = {
  name: 'reminders',
  number: 11,
  ifMissed:
    "Claiming is bound by Postgres, delivery by its transactions. Next: EXPLAIN of the claim with the row's data.",
  async measure(stage) {
    const { plan } = stage
    await insertUsersWithTasks(stage, 1_000)
    await insertPending(stage, plan.pendingReminders)
    const worker = await startApp(stage, 'reminder-worker')
    try {
      await burst(stage, worker.pid)
      const bursts: Burst[] = []
      for (let round = 0; round < plan.rounds; round++) {
        bursts.push(await burst(stage, worker.pid))
      }
      const idle = await entriesPerSecond(stage)
      await insertPending(stage, plan.pendingReminders * 9)
      const idleTenfold = await entriesPerSecond(stage)
      const claimedMs = await measureClaims(stage, plan.dueReminders)
      return [
        burstLine(plan.burstReminders, bursts),
        stormLine(plan, claimedMs, rssMiB(worker.pid)),
        idleLine(plan, idle, idleTenfold),
      ]
    } finally {
      await worker.stop()
      await stage.db.query(
        'truncate reminders, reminder_deliveries, notifications, email_messages, outbox, audit_pending cascade',
      )
      await stage.redis.flushall()
    }
  },
}

function burstLine(count: number, rounds: Burst[]): Line {
  const p99Ms = median(rounds.map((round) => round.p99Ms))
  return {
    what: `reminders, ${count} due at one moment → delivered, p99`,
    muster: milliseconds(p99Ms),
    limit: '–',
    goal: `≤ ${seconds(burstGoalMs)}`,
    isReached: p99Ms <= burstGoalMs,
    rssMiB: Math.max(...rounds.map((round) => round.rssMiB)),
    details: rounds,
  }
}

const stormLine = ({ pendingReminders, dueReminders }: Stage['plan'], claimedMs: number, rssMiB: number): Line => ({
  what: `reminders, ${dueReminders} due in one second among ${pendingReminders * 10} → all handed over`,
  muster: seconds(claimedMs),
  limit: '–',
  goal: `≤ ${seconds(claimGoalMs)}`,
  isReached: claimedMs <= claimGoalMs,
  rssMiB,
  details: { claimedMs },
})

const idleLine = ({ pendingReminders }: Stage['plan'], idle: number, tenfold: number): Line => ({
  what: `reminder worker that has nothing to do, ${pendingReminders} pending: rows and index entries read`,
  muster: `${idle.toFixed(0)}/s`,
  limit: '–',
  goal: 'the same at ×10',
  atTenfold: `${tenfold.toFixed(0)}/s`,
  details: { idle, tenfold },
})

/** Inserts reminders that become due at the same moment, and waits until all are delivered. */
export async function burst({ db, plan }: Stage, workerPid: number): Promise<Burst> {
  const count = plan.burstReminders
  const deliveries = async () => {
    const { rows } = await db.query<{ count: string }>('select count(*) from reminder_deliveries')
    return Number(rows[0]?.count)
  }
  const before = await deliveries()
  const dueMs = await insertDue({ db }, { count, overMs: 0 })
  let p99Ms: number | undefined
  for (const deadlineMs = Date.now() + patienceMs; ; await sleep(10)) {
    const delivered = (await deliveries()) - before
    const sinceMs = Date.now() - dueMs
    if (delivered >= count * 0.99) p99Ms ??= sinceMs
    if (delivered === count && p99Ms !== undefined) return { p99Ms, maxMs: sinceMs, rssMiB: rssMiB(workerPid) }
    if (Date.now() > deadlineMs) throw new Error(`${count - delivered} reminders were not delivered`)
  }
}

/**
 * Inserts reminders that become due within one second, and waits until all are claimed, not until they are delivered.
 * @returns milliseconds from the last due time until then
 */
async function measureClaims({ db }: Stage, count: number): Promise<number> {
  const overMs = 1_000
  const endMs = (await insertDue({ db }, { count, overMs })) + overMs
  await sleep(endMs - Date.now())
  for (const deadlineMs = Date.now() + patienceMs; ; await sleep(10)) {
    const { rows } = await db.query<{ waiting: boolean }>(
      `select exists (
         select from reminders where status = 'pending' and handed_at is null and scheduled_at <= $1
       ) as waiting`,
      [new Date(endMs)],
    )
    if (!rows[0]?.waiting) return Date.now() - endMs
    if (Date.now() > deadlineMs) throw new Error('not all reminders were handed over')
  }
}

/** Inserts reminders that become due within `overMs`, starting at a moment in a few seconds. @returns that moment */
async function insertDue(
  { db }: Pick<Stage, 'db'>,
  { count, overMs }: { count: number; overMs: number },
): Promise<number> {
  // The moment leaves time for the insert: reminders that are due before it commits would be late.
  const startMs = Date.now() + 2_000 + count / 2
  await db.query(
    `insert into reminders (id, task_id, user_id, scheduled_at)
     select gen_random_uuid(), ids[n % total + 1], owner_ids[n % total + 1],
       to_timestamp($1::float8 / 1000 + n * $2::float8 / 1000 / $3)
     from generate_series(1, $3::int) n, ${someTasks}`,
    [startMs, overMs, count],
  )
  if (Date.now() > startMs) throw new Error('the reminders were not written in time')
  return startMs
}

/** Measures how many table rows and index entries all polls for due work read per second. */
async function entriesPerSecond({ db, plan }: Stage): Promise<number> {
  for (const table of ['reminders', 'tasks', 'users']) await db.query(`vacuum analyze ${table}`)
  const read = async () => {
    const { rows } = await db.query<{ entries: string }>(
      `select (select sum(seq_tup_read + idx_tup_fetch) from pg_stat_user_tables where relname = any($1))
         + (select sum(idx_tup_read) from pg_stat_user_indexes where relname = any($1)) as entries`,
      [['reminders', 'tasks', 'users']],
    )
    return Number(rows[0]?.entries)
  }
  // Each connection reports its counts after a statement, at most once a second: wait for those of the preparation.
  for (let turn = 0; turn < 3; turn++) {
    await sleep(1_100)
    await read()
  }
  const before = await read()
  const seconds = idleSeconds(plan)
  await sleep(seconds * 1_000)
  return ((await read()) - before) / seconds
}

/** Inserts far more users than concurrent deliveries, each with a task that causes no notification during the run. */
export async function insertUsersWithTasks({ db }: Stage, count: number): Promise<void> {
  await db.query(
    `with inserted as (
       insert into users (id, username, name, email, role)
       select gen_random_uuid(), 'reminded_' || n, 'Bench Person', 'reminded_' || n || '@example.com', 'operator'
       from generate_series(1, $1::int) n returning id
     )
     insert into tasks (id, owner_id, title, due_date)
     select gen_random_uuid(), id, 'Paint the bench', now() + interval '10 days' from inserted`,
    [count],
  )
}

const someTasks =
  '(select array_agg(id) as ids, array_agg(owner_id) as owner_ids, count(*)::int as total from tasks) tasks'

/** Inserts reminders that are due from tomorrow on. */
async function insertPending({ db }: Stage, count: number): Promise<void> {
  await db.query(
    `insert into reminders (id, task_id, user_id, scheduled_at)
     select gen_random_uuid(), ids[n % total + 1], owner_ids[n % total + 1], now() + interval '1 day' + n * interval '1 second'
     from generate_series(1, $1::int) n, ${someTasks}`,
    [count],
  )
}
