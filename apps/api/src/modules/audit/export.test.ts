import { get, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { chainEvents, eventsUrl } from './testing/audit-fixtures.ts'

let api: TestApp
let admin: TestUser
const url = `${eventsUrl}/export`

beforeAll(async () => {
  api = await buildTestApp()
  admin = await api.signUp({ role: 'site_admin' })
})
afterAll(() => api.close())

const lines = (body: string) =>
  body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

test('NDJSON contains each event of the filter once, the oldest first, as in the list', async () => {
  const ids = await chainEvents(api, 1_203, { action: 'exported.event' })
  await chainEvents(api, 3, { action: 'other.event' })
  const answer = await admin.inject('GET', `${url}?action=exported.event`)
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/x-ndjson'])
  expect(answer.headers).toMatchObject({
    'cache-control': 'no-store',
    'content-disposition': expect.stringMatching(/^attachment; filename="audit-events-\d{4}-\d\d-\d\d\.ndjson"$/),
  })
  const exported = lines(answer.body)
  expect(exported.map(({ id }) => id)).toEqual(ids)
  const listed = (await admin.inject('GET', `${eventsUrl}?action=exported.event&limit=100`)).json().data.events
  const withoutNames = listed.map(({ actor: _, target: __, ...event }: Record<string, unknown>) => event)
  expect(exported.slice(-100).reverse()).toEqual(withoutNames)
})

test('CSV quotes every cell and escapes formulas of spreadsheets of any locale', async () => {
  const agents = [
    '=HYPERLINK("http://evil.example";"a, b")',
    "Mozilla/5.0;=cmd|'/C calc'!A0",
    '\u200b＝1;\t@x',
    'a|-1+cmd',
  ]
  for (const userAgent of agents) {
    await chainEvents(api, 1, { action: 'csv.event', userAgent, targetId: 'two\nlines' })
  }
  const answer = await admin.inject('GET', `${url}?action=csv.event&format=csv`)
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8')
  const [head, ...rest] = answer.body.split('\r\n')
  expect(head).toBe(
    '"seq","id","createdAt","action","actorId","targetType","targetId","ip","userAgent","requestId","before","after","hash"',
  )
  expect(rest[0]).toMatch(
    /^"\d+","[0-9a-f-]{36}","[^,]+Z","csv\.event","","task","two\nlines","192\.0\.2\.7","'=HYPERLINK\(""http:\/\/evil\.example"";""a, b""\)","","","","[0-9a-f]{64}"$/,
  )
  expect(answer.body).toContain(`"Mozilla/5.0;'=cmd|'/C calc'!A0"`)
  expect(answer.body).toContain(`"'\u200b＝1;\t'@x"`)
  expect(answer.body).toContain(`"a|'-1+cmd"`)
  const exact = lines((await admin.inject('GET', `${url}?action=csv.event`)).body)
  expect(exact.map(({ userAgent }) => userAgent)).toEqual(agents)
})

test('an export is recorded with its filters before its first byte is sent', async () => {
  const answer = await admin.inject('GET', `${url}?action=exported.event&format=csv`)
  const requestId = answer.headers['x-request-id'] as string
  const rows = await api.db.selectFrom('audit_pending').selectAll().where('request_id', '=', requestId).execute()
  expect(rows).toMatchObject([
    { action: 'audit.exported', actor_id: admin.userId, after: { format: 'csv', action: 'exported.event' } },
  ])
})

test('the erased personal part of an event is missing from exports too', async () => {
  const [id] = await chainEvents(api, 1, { action: 'erased.event' })
  await api.db
    .deleteFrom('audit_personal')
    .where('event_id', '=', id as string)
    .execute()
  const [event] = lines((await admin.inject('GET', `${url}?action=erased.event`)).body)
  expect(event).toMatchObject({ id, ip: null, userAgent: null, before: null, after: null })
})

test('an export holds one page in memory: a slow reader delays the next, a closed connection ends it', async () => {
  const action = 'large.event'
  const ids = await chainEvents(api, 5_000, { action })
  const [middle = ''] = ids.slice(4_000)
  await sql`
    update audit_personal set after = to_jsonb(repeat('x', 20000)) from audit_events event
    where event.id = event_id and event.action = ${action}`.execute(api.db)
  const sockets: Socket[] = []
  api.app.server.on('connection', (socket) => sockets.push(socket))
  const address = await api.listen()
  const begin = () =>
    new Promise<IncomingMessage>((resolve) => {
      const cookie = [...admin.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      get(`${address}${url}?action=${action}`, { headers: { cookie } }, resolve)
    })
  const stalled = () =>
    eventually(() => {
      const [socket] = sockets.slice(-1)
      expect(socket?.writableNeedDrain).toBe(true)
      return socket as Socket
    })

  const slow = await begin()
  const { writableLength } = await stalled()
  // A page is 10 MB, the whole 100.
  expect(writableLength).toBeLessThan(25_000_000)
  await api.db.deleteFrom('audit_personal').where('event_id', '>=', middle).execute()
  const exported = lines(await text(slow))
  expect(exported).toHaveLength(5_000)
  expect(exported.slice(0, 500).every(({ after }) => after?.length === 20_000)).toBe(true)
  expect(exported.slice(4_000).every(({ after }) => after === null)).toBe(true)

  const leaving = await begin()
  const socket = await stalled()
  leaving.destroy()
  await eventually(() => expect(socket.destroyed).toBe(true))
}, 60_000)

test('a role that cannot read the log cannot export it; an unknown format is refused', async () => {
  for (const role of ['client_admin', 'client_user'] as const) {
    expect((await (await api.signUp({ role })).inject('GET', url)).statusCode).toBe(403)
  }
  expect((await api.connect().inject('GET', url)).statusCode).toBe(401)
  for (const query of ['format=xml', 'limit=5', 'cursor=1.1', 'from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z']) {
    const answer = await admin.inject('GET', `${url}?${query}`)
    expect([query, answer.json().error.code]).toEqual([query, 'VALIDATION_FAILED'])
  }
})
