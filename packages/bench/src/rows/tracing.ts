import { startApp } from '../apps.ts'
import { startOtlpSink } from '../drivers/otlp-sink.ts'
import { apisLine, compareApis, frequentRequests } from '../frequent-requests.ts'
import { joinPairs, type Pair, warmUp } from '../pair.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { insertAttachmentsAndReminders, insertTasks } from '../tasks.ts'
import { insertUser, type User } from '../users.ts'

const goal = 0.9
/** Two processes of the same program differ by as much as the goal allows, so that each side is started this often. */
const starts = 4

/** One of the frequent requests, measured with a tenth of the traces recorded, as by default, and with all. */
type Measured = { what: string; tenth: Pair; all: Pair }

/** Compares an API that sends traces with one that sends none. */
export const tracing: Row = {
  name: 'tracing',
  number: 20,
  ifMissed:
    'Each span costs its object and its share of the export (decision 053). Next: a lower OTEL_TRACES_SAMPLER_ARG, fewer spans of statements.',
  async measure(stage) {
    const sink = await startOtlpSink()
    const user = await insertUser(stage)
    await insertTasks(stage, user, stage.plan.tasks)
    await insertAttachmentsAndReminders(stage, user)
    const auditWorker = await startApp(stage, 'audit-worker')
    try {
      const measured: Measured[][] = []
      while (measured.length < (stage.plan.isSmoke ? 1 : starts))
        measured.push(await measureOnce(stage, user, sink.url))
      if (sink.bytes === 0) throw new Error('No trace has arrived.')
      return (measured[0] ?? []).flatMap(({ what }, index) => {
        const joined = (kind: 'tenth' | 'all') => joinPairs(measured.flatMap((start) => start[index]?.[kind] ?? []))
        return [
          apisLine(`${what} with tracing on / off`, joined('tenth'), goal),
          apisLine('  the same, with every trace recorded', joined('all')),
        ]
      })
    } finally {
      await auditWorker.stop()
      await sink.close()
      await stage.db.query('truncate tasks cascade')
    }
  },
}

/** Measures the frequent requests with new processes. */
async function measureOnce(stage: Stage, user: User, collectorUrl: string): Promise<Measured[]> {
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl }
  const apis = [
    await startApp(stage, 'api'),
    await startApp(stage, 'api', on),
    await startApp(stage, 'api', { ...on, OTEL_TRACES_SAMPLER: 'always_on' }),
  ] as const
  const [off, tenth, all] = apis
  try {
    const frequent = await frequentRequests(stage, off, user)
    const reads = frequent.flatMap(({ requests }) => requests.slice(0, 1)).filter(({ method }) => method === 'GET')
    await warmUp(apis, reads, stage.plan.warmUpSeconds)
    const measured: Measured[] = []
    for (const { what, requests } of frequent) {
      const sides = { requests, limit: off, rounds: 1 }
      measured.push({
        what,
        tenth: await compareApis(stage, { ...sides, muster: tenth }),
        all: await compareApis(stage, { ...sides, muster: all }),
      })
    }
    return measured
  } finally {
    await Promise.all(apis.map((api) => api.stop()))
  }
}
