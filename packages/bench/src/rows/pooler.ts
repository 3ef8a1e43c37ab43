import { startPgBouncer } from '@muster/testing/pgbouncer'
import { findProgram } from '@muster/testing/programs'
import { type RunningApp, startApp } from '../apps.ts'
import { settleAudit } from '../audit-lag.ts'
import { perSecond } from '../figures.ts'
import type { LoadRequest } from '../load/load.ts'
import { comparePair, fewRounds, type Pair } from '../pair.ts'
import type { Line, Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { median } from '../statistics.ts'
import { insertAttachmentsAndReminders, insertTasks, someTasks } from '../tasks.ts'
import { insertUser, signIn } from '../users.ts'

const goal = 0.65
/** As many connections to Postgres as the API alone opens at most when nothing is between. */
const poolSize = 16
const body = JSON.stringify({ title: 'Paint the bench', dueDate: '2031-05-01T08:00:00.000Z', priority: 'high' })

type Measured = { what: string; requests: LoadRequest[] }

/** Compares an API behind PgBouncer in transaction mode with one that has its connections to Postgres itself. */
export const pooler: Row = {
  name: 'pooler',
  number: 20,
  async measure(stage) {
    const program = findProgram('pgbouncer')
    if (!program) return [leftOut]
    const pgbouncer = await startPgBouncer(program, {
      target: stage.databaseUrl,
      poolSize,
      onSpawn: ({ pid = 0 }) => stage.reaper.watch({ pid, kind: 'service', signal: 'SIGTERM' }),
    })
    const user = await insertUser(stage)
    await insertTasks(stage, user, stage.plan.tasks)
    await insertAttachmentsAndReminders(stage, user)
    const direct = await startApp(stage, 'api')
    const pooled = await startApp(stage, 'api', { DATABASE_URL: pgbouncer.url, DATABASE_POOLER: 'transaction' })
    const auditWorker = await startApp(stage, 'audit-worker')
    try {
      const cookie = await signIn(direct.origin, user)
      const tasks = (await someTasks(stage, user, 1_000)).map((id) => `/api/v1/tasks/${id}`)
      const measured: Measured[] = [
        { what: 'GET /users/me', requests: [{ method: 'GET', path: '/api/v1/users/me', cookie }] },
        { what: 'GET /tasks/:id', requests: tasks.map((path) => ({ method: 'GET', path, cookie })) },
        { what: 'POST /tasks', requests: [{ method: 'POST', path: '/api/v1/tasks', cookie, body }] },
        { what: 'GET /tasks?limit=20', requests: [{ method: 'GET', path: '/api/v1/tasks?limit=20', cookie }] },
      ]
      const lines: Line[] = []
      for (const each of measured) lines.push(await measure(stage, each, { direct, pooled }))
      return lines
    } finally {
      await Promise.all([direct.stop(), pooled.stop(), auditWorker.stop()])
      await pgbouncer.stop()
      await stage.db.query('truncate tasks cascade')
    }
  },
}

type Sides = { direct: RunningApp; pooled: RunningApp }

async function measure(stage: Stage, { what, requests }: Measured, sides: Sides): Promise<Line> {
  const pair = await comparePair({
    muster: sides.pooled,
    limit: sides.direct,
    requests,
    settle: () => settleAudit(stage),
    ...fewRounds(stage.plan),
  })
  return {
    what: `${what} behind PgBouncer in transaction mode / direct`,
    muster: figuresOf(pair, 'muster'),
    limit: figuresOf(pair, 'limit'),
    ratio: pair.ratio,
    goal: `≥ ${goal}`,
    isReached: pair.ratio >= goal,
    details: pair,
  }
}

/** Formats the rate, and the processor time of the API alone per request. */
function figuresOf({ rounds }: Pair, side: 'muster' | 'limit'): string {
  const cpuMs = rounds.map((round) => ((round[side].busy ?? Number.NaN) / round[side].perSecond) * 1_000)
  return `${perSecond(median(rounds.map((round) => round[side].perSecond)))}, ${median(cpuMs).toFixed(2)} ms CPU`
}

const leftOut: Line = {
  what: 'rows 1–4 behind PgBouncer: left out, pgbouncer is not installed',
  muster: '–',
  limit: '–',
  goal: `≥ ${goal}`,
  details: {},
}
