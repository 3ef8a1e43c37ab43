import { analyticsKey } from '@muster/cache'
import { startApp } from '../apps.ts'
import { rssMiB } from '../child.ts'
import { milliseconds } from '../figures.ts'
import { startLoad } from '../load/load.ts'
import type { Line, Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { median, quantile } from '../statistics.ts'
import { insertUser, signIn, type User } from '../users.ts'

const path = '/api/v1/analytics'
const goalMs = { uncached: 60, cachedP99: 5 }
const cachedPerSecond = 200
const connections = 4
/** Sent one after another, with an empty cache each time. */
const readingsPerRound = 20

/** Half are tasks, half reminders. Half of the tasks and 2 of 5 reminders were completed in the last three years. */
export const analytics: Row = {
  name: 'analytics',
  number: 13,
  ifMissed:
    'Counted from the tables each time it is not cached (decision 016). Next: EXPLAIN; a summary by day is the step after it.',
  async measure(stage) {
    const { items } = stage.plan
    const few = await insertBusyUser(stage, items / 10)
    const many = await insertBusyUser(stage, items)
    const api = await startApp(stage, 'api')
    const loader = await startLoad()
    try {
      const cookies = { few: await signIn(api.origin, few), many: await signIn(api.origin, many) }
      const rounds: Round[] = []
      for (let round = -1; round < stage.plan.rounds; round++) {
        const fewMs = await readUncached(stage, api.origin, few, cookies.few)
        const manyMs = await readUncached(stage, api.origin, many, cookies.many)
        const cached = await loader.ask({
          origin: api.origin,
          requests: [{ method: 'GET', path, cookie: cookies.many }],
          connections,
          perSecond: cachedPerSecond,
          seconds: stage.plan.roundSeconds,
        })
        if (cached.failures > 0) throw new Error(`${cached.failures} readings failed`)
        // The first request is a warm-up.
        if (round < 0) continue
        const [manyP99Ms, cachedP50Ms, cachedP99Ms] = [quantile(manyMs, 0.99), cached.p50Ms, cached.p99Ms]
        rounds.push({ fewMs: median(fewMs), manyMs: median(manyMs), manyP99Ms, cachedP50Ms, cachedP99Ms })
      }
      return linesOf(rounds, items, rssMiB(api.pid))
    } finally {
      await Promise.all([loader.stop(), api.stop()])
      await stage.db.query('truncate tasks cascade')
    }
  },
}

type Round = { fewMs: number; manyMs: number; manyP99Ms: number; cachedP50Ms: number; cachedP99Ms: number }

function linesOf(rounds: Round[], items: number, rss: number): Line[] {
  const of = (field: keyof Round) => median(rounds.map((round) => round[field]))
  const uncached = (count: number) => `GET /analytics, uncached, ${count.toLocaleString('en')} tasks and reminders`
  return [
    {
      what: uncached(items),
      muster: milliseconds(of('manyMs')),
      limit: '–',
      goal: `≤ ${goalMs.uncached} ms`,
      isReached: of('manyMs') <= goalMs.uncached,
      rssMiB: rss,
      details: rounds,
    },
    {
      what: uncached(items / 10),
      muster: milliseconds(of('fewMs')),
      limit: '–',
      goal: '–',
      atTenfold: milliseconds(of('manyMs')),
      details: rounds,
    },
    {
      what: `the same, cached, at ${cachedPerSecond}/s, p50 and p99`,
      muster: `${milliseconds(of('cachedP50Ms'))}, ${milliseconds(of('cachedP99Ms'))}`,
      limit: '–',
      goal: `p99 ≤ ${goalMs.cachedP99} ms`,
      isReached: of('cachedP99Ms') <= goalMs.cachedP99,
      details: rounds,
    },
  ]
}

async function readUncached({ redis }: Stage, origin: string, { id }: User, cookie: string): Promise<number[]> {
  const tookMs: number[] = []
  for (let reading = 0; reading < readingsPerRound; reading++) {
    await redis.del(analyticsKey(id))
    const startedMs = performance.now()
    const answer = await fetch(origin + path, { headers: { cookie } })
    await answer.text()
    tookMs.push(performance.now() - startedMs)
    if (!answer.ok) throw new Error(`analytics were answered by ${answer.status}`)
  }
  return tookMs
}

/** Inserts a user with three years of tasks and reminders. */
async function insertBusyUser(stage: Stage, items: number): Promise<User> {
  const { db } = stage
  const user = await insertUser(stage)
  await db.query(`update users set created_at = now() - interval '3 years', timezone = 'Europe/Berlin' where id = $1`, [
    user.id,
  ])
  await db.query(
    `insert into tasks (id, owner_id, organization_id, title, description, due_date, priority, category, status, completed_at)
     select uuidv7(), $1, $2, 'Paint the bench, coat ' || n, 'The old paint comes off first; then two thin coats.',
       now() + n * interval '1 minute', (array['low', 'medium', 'high'])[1 + n % 3],
       case when n % 5 > 0 then 'Category ' || n % 20 end, status,
       case when status = 'completed' then now() - random() * interval '3 years' end
     from generate_series(1, $3::int) n,
       lateral (select (array['todo', 'in-progress', 'completed', 'completed'])[1 + n * 7 % 4] as status) of`,
    [user.id, user.organizationId, items / 2],
  )
  await db.query(
    `insert into reminders (id, task_id, user_id, scheduled_at, status, completed_at)
     select uuidv7(), id, $1, due_date, status, case when status = 'completed' then now() - random() * interval '3 years' end
     from (select id, due_date, (array['pending', 'sent', 'completed', 'completed', 'cancelled'])[1 + row_number() over () % 5] as status
       from tasks where owner_id = $1) of`,
    [user.id],
  )
  await db.query('vacuum analyze tasks, reminders')
  return user
}
