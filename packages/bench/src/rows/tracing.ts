import { startApp } from '../apps.ts'
import { startOtlpSink } from '../drivers/otlp-sink.ts'
import { compareApis, frequentRequests } from '../frequent-requests.ts'
import type { Line, Row } from '../row.ts'
import { insertAttachmentsAndReminders, insertTasks } from '../tasks.ts'
import { insertUser } from '../users.ts'

const goal = 0.9

/** Compares an API that sends traces, a tenth of them as by default and then all, with one that sends none. */
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
    const on = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url }
    const apps = [
      await startApp(stage, 'api'),
      await startApp(stage, 'api', on),
      await startApp(stage, 'api', { ...on, OTEL_TRACES_SAMPLER: 'always_on' }),
      await startApp(stage, 'audit-worker'),
    ] as const
    const [off, tenth, all] = apps
    try {
      const lines: Line[] = []
      for (const { what, requests } of await frequentRequests(stage, off, user)) {
        const sides = { requests, limit: off }
        lines.push(await compareApis(stage, { ...sides, what: `${what} with tracing on / off`, muster: tenth, goal }))
        lines.push(await compareApis(stage, { ...sides, what: '  the same, with every trace recorded', muster: all }))
      }
      if (sink.bytes === 0) throw new Error('No trace has arrived.')
      return lines
    } finally {
      await Promise.all(apps.map((app) => app.stop()))
      await sink.close()
      await stage.db.query('truncate tasks cascade')
    }
  },
}
