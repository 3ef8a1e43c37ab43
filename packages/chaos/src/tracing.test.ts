import { freePort } from '@muster/devkit'
import { eventually, isLongForm } from '@muster/testing'
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '@muster/testing/otlp-receiver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type System, startSystem } from './system/system.ts'
import { createTask, newTaskBody, retryOn503, uploadPhoto } from './users/fixtures.ts'
import type { ApiResponse, User } from './users/user.ts'

/** Spans are sent every two seconds. */
const patience = { timeoutMs: 60_000, intervalMs: 100 }
/** As many as a process keeps, and those of two requests to the collector. */
const maxKept = 2_048 + 2 * 512

let system: System
let receiver: OtlpReceiver
let user: User
const tracing = (overrides = {}) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20let%20me%20in',
  OTEL_TRACES_SAMPLER: 'always_on',
  ...overrides,
})

beforeAll(async () => {
  ;[system, receiver] = await Promise.all([startSystem(), startOtlpReceiver()])
  const env = tracing()
  await Promise.all((['api', 'email-worker', 'image-worker'] as const).map((name) => system.start(name, { env })))
  user = system.newUser()
})
afterAll(async () => {
  await system?.close()
  await receiver?.close()
})

/** Returns the id of the trace of a request: the id of the request. */
const traceIdOf = ({ headers }: ApiResponse) => String(headers.get('x-request-id')).replaceAll('-', '')

/** Waits until the trace has a span of each of these names. */
const waitForSpans = (traceId: string, names: string[]): Promise<ReceivedSpan[]> =>
  eventually(() => {
    const spans = receiver.spans.filter((span) => span.traceId === traceId)
    expect(spans.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
    return spans
  }, patience)

/** Returns the names and processes from a span up to the first one of its trace. */
function pathTo(name: string, spans: ReceivedSpan[]): string[] {
  const path: string[] = []
  let span = spans.find((one) => one.name === name)
  while (span) {
    path.push(`${span.service}: ${span.name}`)
    const { parentId } = span
    span = spans.find(({ spanId }) => spanId === parentId)
  }
  return path
}

test('one trace leads from a request through its outbox row and the worker to SMTP', async () => {
  const answer = await user.register()
  expect(answer.status).toBe(202)
  const route = 'POST /api/v1/auth/register'
  const spans = await waitForSpans(traceIdOf(answer), [
    route,
    'commit',
    'publish email',
    'process send-email',
    'smtp send',
  ])
  const root = spans.find(({ name }) => name === route)
  expect(root).toMatchObject({ kind: 2, parentId: undefined, isFailed: false, links: [] })
  expect(root?.attributes).toMatchObject({ 'http.route': '/api/v1/auth/register', 'http.response.status_code': 202 })
  expect(pathTo('insert audit_pending, outbox', spans)).toEqual([
    'muster-api: insert audit_pending, outbox',
    `muster-api: ${route}`,
  ])
  expect(pathTo('smtp send', spans)).toEqual([
    'muster-email-worker: smtp send',
    'muster-email-worker: process send-email',
    'muster-api: publish email',
    `muster-api: ${route}`,
  ])
  for (const { startNs, endNs } of spans) expect(endNs).toBeGreaterThanOrEqual(startNs)
  expect(receiver.headers[0]).toMatchObject({ authorization: 'Bearer let me in' })
  expect((await user.verify()).status).toBe(201)
})

test('the trace of an upload leads to the storage, in the API and in the worker', async () => {
  const taskId = await createTask(user)
  await uploadPhoto(user, taskId)
  const route = 'POST /api/v1/tasks/:id/attachments'
  const root = await eventually(() => {
    const found = receiver.spans.find(({ name }) => name === route)
    if (!found) throw new Error('The span of the upload has not arrived.')
    return found
  }, patience)
  const spans = await waitForSpans(root.traceId, ['storage put', 'process optimize-image', 'storage copyTo'])
  const put = spans.filter(({ name }) => name === 'storage put')
  expect(new Set(put.map(({ service }) => service))).toEqual(new Set(['muster-api', 'muster-image-worker']))
  expect(put[0]?.attributes).toEqual({ 'muster.storage.driver': 'local' })
  expect(pathTo('storage copyTo', spans)).toEqual([
    'muster-image-worker: storage copyTo',
    'muster-image-worker: process optimize-image',
    'muster-api: publish image',
    `muster-api: ${route}`,
  ])
})

test('a traceparent from outside is linked, and neither names a trace nor decides about it', async () => {
  const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']
  const send = (traceparent: string) => user.request('GET', '/users/me', undefined, { headers: { traceparent } })
  for (const [given, links] of [
    [`00-${traceId}-${spanId}-00`, [{ traceId, spanId }]],
    [`00-${'0'.repeat(32)}-${spanId}-01`, []],
    ['x'.repeat(5_000), []],
  ] as const) {
    const answer = await send(given)
    const [root] = await waitForSpans(traceIdOf(answer), ['GET /api/v1/users/me'])
    expect(answer.status).toBe(200)
    expect(
      receiver.spans.find((span) => span.name === 'GET /api/v1/users/me' && span.traceId === root?.traceId),
    ).toMatchObject({
      parentId: undefined,
      links,
    })
  }
})

test('a trace that its first process does not record is recorded by no other', async () => {
  const other = await system.start('api', {
    env: tracing({ OTEL_TRACES_SAMPLER_ARG: '0', OTEL_TRACES_SAMPLER: '' }),
    port: await freePort(),
  })
  const guest = system.newUser()
  const body = { username: guest.username, name: 'Guest', email: guest.email, password: guest.password }
  const answer = await guest.request('POST', '/auth/register', body, { at: other.url })
  expect(answer.status).toBe(202)
  await eventually(() => expect(system.smtp.mailsTo(guest.email)).toHaveLength(1), patience)
  // What comes after it arrives.
  await waitForSpans(traceIdOf(await user.request('GET', '/users/me')), ['GET /api/v1/users/me'])
  expect(receiver.spans.filter((span) => span.traceId === traceIdOf(answer))).toEqual([])
})

test('spans have no value of a user, no address, no id of a row and no secret', async () => {
  const wrong = await user.request('GET', `/nowhere/${user.username}?token=${user.password}`)
  const failed = await user.request('POST', '/auth/login', { email: user.email, password: `${user.password}-wrong` })
  await waitForSpans(traceIdOf(wrong), ['GET'])
  await waitForSpans(traceIdOf(failed), ['POST /api/v1/auth/login'])
  const sent = Buffer.concat(receiver.received).toString('latin1')
  expect(sent.length).toBeGreaterThan(10_000)
  for (const secret of [user.email, user.username, 'Chaos User', 'Survive', 'photo.jpg', '127.0.0.1', 'nowhere'])
    expect(sent.includes(secret), secret).toBe(false)
  expect(sent).not.toMatch(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/)
  expect(system.secrets.findIn(sent)).toEqual([])
})

test('log lines of a recorded trace name it', () => {
  const lines = system
    .output()
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
  const traced = lines.filter(({ traceId }) => traceId !== undefined)
  expect(traced.length).toBeGreaterThan(0)
  for (const { traceId, spanId, requestId } of traced) {
    expect(spanId).toMatch(/^[\da-f]{16}$/)
    if (requestId) expect(traceId).toBe(requestId.replaceAll('-', ''))
  }
})

test.runIf(isLongForm)(
  'a collector that is frozen, and then gone, delays and fails nothing, and fills no memory',
  async () => {
    const collector = await startOtlpReceiver()
    const thaw = collector.freeze()
    const frozenMs = performance.now()
    const api = await system.start('api', {
      // Few connections: other tests have as many as Postgres allows.
      env: tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, DATABASE_POOL_MAX: '3' }),
      port: await freePort(),
    })
    const create = async () => {
      const send = () => user.request('POST', '/tasks', newTaskBody(), { at: api.url })
      const { status, durationMs, body } = await retryOn503(send)
      return status === 201 && durationMs < 10_000
        ? 'created'
        : `${status} after ${durationMs} ms: ${JSON.stringify(body)}`
    }
    const outcomes: string[] = []
    for (let round = 0; round < 60; round++) outcomes.push(...(await Promise.all(Array.from({ length: 25 }, create))))
    expect(outcomes.filter((outcome) => outcome !== 'created')).toEqual([])
    await eventually(() => expect(api.output()).toMatch(/"reason":"TIMEOUT".*trace export failed/), patience)

    // A batch that was given up after 5 s may have reached the collector, which reads it now.
    const givenUp = 512 * Math.ceil((performance.now() - frozenMs) / 5_000)
    thaw()
    await eventually(() => expect(api.output()).toContain('trace export works again'), patience)
    const traceId = traceIdOf(await user.request('GET', '/users/me', undefined, { at: api.url }))
    await eventually(() => expect(collector.spans.some((span) => span.traceId === traceId)).toBe(true), patience)
    // The requests had some 4,600 spans.
    expect(collector.spans.length).toBeLessThanOrEqual(maxKept + givenUp)

    await collector.close()
    expect(await create()).toBe('created')
    await eventually(() => expect(api.output()).toMatch(/"reason":"ECONNREFUSED".*trace export failed/), patience)
    expect(api.output().match(/trace export failed/g)).toHaveLength(2)
    const { code, durationMs } = await api.terminate()
    expect(code).toBe(0)
    expect(durationMs).toBeLessThan(20_000)
  },
)
