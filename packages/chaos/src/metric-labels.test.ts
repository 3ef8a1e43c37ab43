import { randomUUID } from 'node:crypto'
import { allJobs, queueNames } from '@muster/jobs/definitions'
import { templates } from '@muster/mail'
import { clientEvents, serverEvents } from '@muster/realtime/events'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, type AppName, appNames } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { createReminder, createTask } from './users/fixtures.ts'

let system: System
let apps: Record<AppName, App>

beforeAll(async () => {
  system = await startSystem()
  apps = await system.startAll()
})
afterAll(() => system.close())

/** Every label of Muster's own metrics, with all values that it may have. A value from outside would be a new series each time. */
const known: Record<string, ReadonlySet<string> | RegExp> = {
  queue: new Set(queueNames.flatMap((name) => [name, `muster-${name}`])),
  name: new Set([...allJobs.map(({ name }) => name), 'unknown']),
  template: new Set([...Object.keys(templates), 'unknown']),
  outcome: new Set(['done', 'already-done', 'failed', 'retry', 'later', 'sent', 'dropped', 'put-off']),
  dependency: new Set(['postgres', 'redis', 'files', 'replica', 'scanner']),
  transport: new Set(['polling', 'websocket']),
  event: new Set([...Object.keys(clientEvents), ...Object.keys(serverEvents), 'unknown']),
  result: /^(ok|sent|received|failed|invalid|dropped|gated|[A-Z_]{1,30})$/,
  reason: /^(epoch|ahead|interrupted|too-many|notifications|[A-Z_]{1,30})$/,
  cause: new Set(['gap', 'gate', 'lost']),
  table: /^[a-z_]{1,40}$/,
  version: /^\d+\.\d+\.\d+(-[\w.]+)?$/,
  le: /^([\d.]+|\+Inf)$/,
  quantile: /^[\d.]+$/,
}

/** Returns `metric{label="value"}` for each label of Muster's own metrics whose value is not known. */
function unknownLabels(metrics: string): string[] {
  const series = [...metrics.matchAll(/^(muster_\w+)\{(.*)\} /gm)]
  return series.flatMap(([, metric, labels = '']) =>
    [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].flatMap(([, label = '', value = '']) => {
      const allowed = known[label]
      const isKnown = allowed instanceof RegExp ? allowed.test(value) : allowed?.has(value)
      return isKnown ? [] : [`${metric}{${label}="${value}"}`]
    }),
  )
}

test('no label of a metric has a value from outside, in any process', async () => {
  const user = await system.registeredUser()
  await createReminder(user, await createTask(user), 300)
  for (const queue of queueNames) {
    const values = [randomUUID(), queue, `job-${randomUUID()}`]
    await system.inspector.query(`insert into outbox (id, queue, name, payload) values ($1, $2, $3, '{}')`, values)
  }
  await system.inspector.waitUntilIdle()
  for (const name of appNames) {
    const metrics = await eventually(async () => {
      const text = await (await fetch(`${apps[name].opsUrl}/metrics`)).text()
      expect(text).toContain('muster_build_info')
      if (name !== 'api') expect(text).toMatch(/muster_job_duration_seconds_count\{.*name="unknown"/)
      return text
    })
    expect(unknownLabels(metrics), name).toEqual([])
  }
  expect(unknownLabels('muster_head{hash="ab"} 1\nmuster_x{name="job-1"} 2')).toHaveLength(2)
})
