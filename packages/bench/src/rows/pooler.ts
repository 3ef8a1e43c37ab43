import { startPgBouncer } from '@muster/testing/pgbouncer'
import { findProgram } from '@muster/testing/programs'
import { startApp } from '../apps.ts'
import { apisLine, compareApis, frequentRequests } from '../frequent-requests.ts'
import type { Line, Row } from '../row.ts'
import { insertAttachmentsAndReminders, insertTasks } from '../tasks.ts'
import { insertUser } from '../users.ts'

const goal = 0.65
/** As many connections to Postgres as the API alone opens at most when nothing is between. */
const poolSize = 16

/** Compares an API behind PgBouncer in transaction mode with one that has its connections to Postgres itself. */
export const pooler: Row = {
  name: 'pooler',
  number: 20,
  ifMissed:
    'Without prepared statements each is planned anew (decision 045). Next: statements shared by more requests, and prepared ones of PgBouncer from 1.21.',
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
      const lines: Line[] = []
      for (const { what, requests } of await frequentRequests(stage, direct, user))
        lines.push(
          apisLine(
            `${what} behind PgBouncer in transaction mode / direct`,
            await compareApis(stage, { requests, muster: pooled, limit: direct }),
            goal,
          ),
        )
      return lines
    } finally {
      await Promise.all([direct.stop(), pooled.stop(), auditWorker.stop()])
      await pgbouncer.stop()
      await stage.db.query('truncate tasks cascade')
    }
  },
}

const leftOut: Line = {
  what: 'rows 1–4 behind PgBouncer: left out, pgbouncer is not installed',
  muster: '–',
  limit: '–',
  goal: `≥ ${goal}`,
  details: {},
}
