import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { allJobs, queueNames } from '@muster/jobs/definitions'
import { templates } from '@muster/mail'
import { clientEvents, serverEvents } from '@muster/realtime/events'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MetricDefinition, metricsPage } from './metrics-page.ts'
import { type App, type AppName, appNames } from './system/apps.ts'
import { root } from './system/programs.ts'
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
  method: new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other']),
  route: /^(none|\*|(?:\/(?::?[a-zA-Z]+(?:[-.][a-zA-Z]+)*|v1|\*)?)+)$/,
  status: /^[1-5]\d\d$/,
  pool: new Set(['main', 'lookups', 'revocations', 'realtime', 'replica', 'replica-watch']),
  state: new Set(['waiting', 'prioritized', 'delayed', 'active', 'failed', 'idle']),
  kind: new Set(['reminder', 'upcoming', 'overdue', 'digest']),
  cache: new Set(['profile', 'analytics']),
  folder: /^[A-Z_]+$/,
  event: new Set([...Object.keys(clientEvents), ...Object.keys(serverEvents), 'unknown']),
  result: /^(ok|hit|miss|error|sent|received|failed|invalid|dropped|gated|[A-Z_]{1,30})$/,
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

/** Makes traffic of many kinds, with values from outside wherever there is place for one. */
async function makeTraffic(): Promise<void> {
  const user = await system.registeredUser()
  await createReminder(user, await createTask(user), 300)
  const foreign = [
    `/api/v1/tasks/${randomUUID()}`,
    `/nowhere/${randomUUID()}`,
    '/api/v1/users/me',
    `/health?id=${randomUUID()}`,
  ]
  for (const path of foreign) await fetch(`${system.apiUrl}${path}`)
  await fetch(`${system.apiUrl}/api/v1/${randomUUID()}`, { method: 'PROPFIND' })
  for (const queue of queueNames) {
    const values = [randomUUID(), queue, `job-${randomUUID()}`]
    await system.inspector.query(`insert into outbox (id, queue, name, payload) values ($1, $2, $3, '{}')`, values)
  }
  await system.inspector.waitUntilIdle()
}

type Scrape = { text: string; definitions: MetricDefinition[] }

/** Scrapes a process when the job that nobody knows has left its trace. */
const scrape = (name: AppName): Promise<Scrape> =>
  eventually(async () => {
    const text = await (await fetch(`${apps[name].opsUrl}/metrics`)).text()
    expect(text).toContain('muster_build_info')
    if (name !== 'api') expect(text).toMatch(/muster_job_duration_seconds_count\{.*name="unknown"/)
    if (name === 'reminder-worker') expect(text).toContain('muster_reminder_lateness_seconds_count{kind="reminder"} 1')
    const definitions = (await (await fetch(`${apps[name].opsUrl}/metrics/definitions`)).json()) as MetricDefinition[]
    return { text, definitions }
  })

test('docs/metrics.md lists the metrics that all processes serve, whose labels have no value from outside', async () => {
  await makeTraffic()
  const scrapes = new Map<AppName, Scrape>()
  for (const name of appNames) scrapes.set(name, await scrape(name))
  for (const [name, { text, definitions }] of scrapes) {
    expect(unknownLabels(text), name).toEqual([])
    expect(typesIn(text), name).toEqual(definitions.map(({ name: metric, type }) => `${metric} ${type}`).sort())
    expect(undefinedLabels(text, definitions), name).toEqual([])
  }
  const definitions = Object.fromEntries([...scrapes].map(([name, found]) => [name, found.definitions]))
  const page = metricsPage(definitions as Record<AppName, MetricDefinition[]>)
  await expect(page).toMatchFileSnapshot(join(root, 'docs/metrics.md'))
  expect(unknownLabels('muster_head{hash="ab"} 1\nmuster_x{name="job-1"} 2')).toHaveLength(2)
})

/** Returns each metric of a scrape with its type. */
const typesIn = (text: string): string[] =>
  [...text.matchAll(/^# TYPE (\w+ \w+)$/gm)].map(([, named = '']) => named).sort()

/** Returns the labels of Muster's own series that the definition of their metric lacks. */
function undefinedLabels(text: string, definitions: readonly MetricDefinition[]): string[] {
  const labelsOf = new Map(definitions.map(({ name, labelNames }) => [name, new Set([...labelNames, 'le'])]))
  return [...text.matchAll(/^(muster_\w+)\{(.*)\} /gm)].flatMap(([, series = '', labels = '']) => {
    const known = labelsOf.get(series) ?? labelsOf.get(series.replace(/_(?:bucket|sum|count)$/, ''))
    return [...labels.matchAll(/(\w+)="/g)].flatMap(([, label = '']) =>
      known?.has(label) ? [] : [`${series}{${label}}`],
    )
  })
}

const readApi = async () => (await scrape('api')).text

test('a scrape of the API has the state of requests, pools, Redis, queues, outbox and audit log', async () => {
  const text = await readApi()
  for (const series of [
    'muster_http_request_duration_seconds_count{method="GET",route="/api/v1/tasks/:id",status="401"}',
    'muster_http_request_duration_seconds_count{method="GET",route="none",status="404"}',
    'muster_http_requests_in_flight 0',
    'muster_jobs{queue="email",state="failed"} 1',
    'muster_jobs{queue="reminder",state="waiting"} 0',
    'muster_job_oldest_waiting_seconds{queue="image"} 0',
    'muster_outbox_pending{queue="email"} 0',
    'muster_outbox_oldest_seconds{queue="audit"} 0',
    'muster_audit_lag_seconds ',
    'muster_revocation_poll_age_seconds 0.',
    'muster_redis_circuit_open 0',
    'muster_database_pool_connections{pool="main",state="idle"}',
    'muster_database_pool_wait_seconds_count{pool="main"}',
    'muster_redis_command_duration_seconds_count ',
    'muster_cache_requests_total{cache="profile",result="miss"}',
    'muster_storage_free_bytes{folder="STORAGE_LOCAL_DIR"}',
  ])
    expect(text).toContain(series)
})

test('what Redis or Postgres does not answer is absent from a scrape, and the rest is there at once', async () => {
  system.redis.freeze()
  const withoutRedis = await eventually(async () => {
    const text = await readApi()
    expect(text).not.toContain('muster_jobs{queue="email",state="waiting"}')
    return text
  })
  expect(withoutRedis).toContain('muster_outbox_pending{queue="email"}')
  expect(withoutRedis).toContain('muster_jobs{queue="email",state="failed"} 1')
  system.redis.thaw()
  await eventually(async () => expect(await readApi()).toContain('muster_jobs{queue="email",state="waiting"}'))

  const unlocked = system.inspector.query(
    'begin; lock table outbox in access exclusive mode; select pg_sleep(4); commit',
  )
  const startMs = performance.now()
  const withoutOutbox = await eventually(async () => {
    const text = await readApi()
    expect(text).not.toContain('muster_outbox_pending{')
    return text
  })
  expect(withoutOutbox).toContain('muster_jobs{queue="email",state="waiting"}')
  expect(performance.now() - startMs).toBeLessThan(4_000)
  await unlocked
  await eventually(async () => expect(await readApi()).toContain('muster_outbox_pending{queue="email"}'))
})

test('a request whose client gave up counts as 499, and is no longer in flight', async () => {
  const user = await system.registeredUser()
  const unlocked = system.inspector.query(
    'begin; lock table tasks in access exclusive mode; select pg_sleep(3); commit',
  )
  await eventually(async () => {
    const locks = await system.inspector.query(
      `select 1 from pg_locks join pg_stat_activity using (pid)
       where datname = current_database() and relation = 'tasks'::regclass and mode = 'AccessExclusiveLock' and granted`,
    )
    expect(locks).toHaveLength(1)
  })
  const give = fetch(`${system.apiUrl}/api/v1/tasks`, {
    method: 'POST',
    headers: { cookie: user.cookieHeader(), 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'Abandoned' }),
    signal: AbortSignal.timeout(400),
  })
  await expect(give).rejects.toThrow()
  const series = 'muster_http_request_duration_seconds_count{method="POST",route="/api/v1/tasks",status="499"} 1'
  await eventually(async () => expect(await readApi()).toContain(series))
  await unlocked
  await eventually(async () => expect(await readApi()).toContain('muster_http_requests_in_flight 0'))
})

test('every log line has the time, the process, and a component and an event of docs/logs.md', async () => {
  const page = await readFile(join(root, 'docs/logs.md'), 'utf8')
  const known = new Set(
    page.split(/^## /m).flatMap((section) => {
      const [component = ''] = section.split('\n', 1)
      return [...section.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, event]) => `${component} ${event}`)
    }),
  )
  const lines = system.output().split('\n').filter(Boolean)
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  for (const entry of entries) expect(entry).toMatchObject({ time: expect.any(String), name: expect.any(String) })
  const found = new Set(entries.map(({ component, event }) => `${component} ${event}`))
  expect([...found].filter((name) => !known.has(name))).toEqual([])
  expect([...found]).toEqual(
    expect.arrayContaining([
      'process started',
      'worker job-failed',
      'mail mail-sent',
      'dependencies dependency-unavailable',
    ]),
  )
})
