/* Each fault of a request is one detail of its path: a code for programs, and a sentence that zod did not write. */
import { readFile } from 'node:fs/promises'
import { detailCodes } from '@muster/errors'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

type Schema = { $ref?: string; properties?: Record<string, Schema>; type?: unknown; anyOf?: Schema[]; oneOf?: Schema[] }
type Operation = {
  parameters?: { name: string; in: string }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
}
type Detail = { path: string; code: string; params: Record<string, unknown>; message: string }

let api: TestApp
let users: TestUser[]
let document: { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } }

beforeAll(async () => {
  api = await buildTestApp()
  users = [await api.signUp(), await api.signUp({ role: 'super_admin' })]
  document = (await api.connect().inject('GET', '/openapi.json')).json()
})
afterAll(() => api.close())

/** Sentences that a library wrote, at any place. */
const libraryText = /^(?:Invalid|Too |Unrecognized|Expected|Required)|expected .* received|must match pattern/
const badValues = [
  null,
  1.5,
  -1,
  1e300,
  true,
  '',
  ' ',
  'nope',
  'x'.repeat(5_000),
  [],
  [[]],
  ['', 1],
  {},
  { a: { b: 1 } },
]
const badTexts = [
  '',
  'nope',
  '-1',
  '1e3',
  '0x10',
  '99999999999999999999',
  'x'.repeat(3_500),
  ',',
  '\ud83c'.toWellFormed(),
]

const exampleId = '0199f3a0-5c1e-7d3b-9a44-2f6b8c0d1e57'

const resolved = (schema: Schema): Schema =>
  schema.$ref ? resolved(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}) : schema
const propertiesOf = (schema: Schema): string[] =>
  [schema, ...(schema.anyOf ?? schema.oneOf ?? [])].flatMap((one) => Object.keys(resolved(one).properties ?? {}))

function assertDetails(
  answer: { statusCode: number; body: string; json(): { error: { details?: Detail[] } } },
  where: unknown,
) {
  expect(answer.statusCode, `${JSON.stringify(where)}: ${answer.body}`).toBe(400)
  const details = answer.json().error.details ?? []
  expect(details.length, JSON.stringify(where)).toBeGreaterThan(0)
  expect(new Set(details.map(({ path }) => path)).size).toBe(details.length)
  for (const { code, params, message } of details) {
    expect(detailCodes, message).toContain(code)
    expect(params).toEqual(expect.any(Object))
    expect(message, `${JSON.stringify(where)}: ${code}`).not.toMatch(libraryText)
    expect(message).toMatch(/^\P{Lu}/u)
  }
  return details
}

/** Sends a request as the first user whose role allows it. */
async function send(method: string, url: string, body?: unknown) {
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const answers = []
  for (const user of users) {
    const answer = await user.inject(method.toUpperCase() as 'POST', url, body, headers)
    if (answer.statusCode !== 403) return answer
    answers.push(answer)
  }
  return answers[0] as (typeof answers)[number]
}

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method,
      url: path.replace('{name}', 'email').replace(/\{\w+\}/g, '0199f3a0-5c1e-7d3b-9a44-2f6b8c0d1e57'),
      operation,
    })),
  )

test('every body that its schema refuses is answered in the words of the API, one detail for each path', async () => {
  let refused = 0
  for (const { method, url, operation } of operations()) {
    const schema = operation.requestBody?.content['application/json']?.schema
    if (!schema || url.includes('failed')) continue
    for (const body of [[], 'text', 1])
      assertDetails(await send(method, url, JSON.stringify(body)), [method, url, body])
    for (const value of badValues) {
      // The unknown key makes sure that nothing happens when the rest is valid.
      const fields = Object.fromEntries(propertiesOf(resolved(schema)).map((name) => [name, value]))
      const details = assertDetails(await send(method, url, { ...fields, unknownKey: 1 }), [method, url, value])
      // Which keys are known depends on the type, where a body has one.
      const fault = resolved(schema).oneOf ? { path: 'body.type' } : { path: 'body.unknownKey', code: 'UNKNOWN_KEY' }
      expect(details).toContainEqual(expect.objectContaining(fault))
      refused++
    }
  }
  expect(refused).toBeGreaterThan(300)
})

test('every query that its schema refuses is answered in the words of the API', async () => {
  let refused = 0
  for (const { method, url, operation } of operations()) {
    const names = (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name)
    if (names.length === 0 || /google|unsubscribe/.test(url)) continue
    for (const text of badTexts) {
      const query = new URLSearchParams([...names.map((name) => [name, text]), ['unknown', '1']])
      assertDetails(await send(method, `${url}?${query}`), [method, url, text])
      refused++
    }
    const repeated = new URLSearchParams(
      names.flatMap((name) => [
        [name, '1'],
        [name, '2'],
      ]),
    )
    const details = assertDetails(await send(method, `${url}?${repeated}`), [method, url])
    expect(details.map(({ path, code }) => [path, code])).toEqual(names.map((name) => [`query.${name}`, 'REPEATED']))
  }
  expect(refused).toBeGreaterThan(50)
})

test('each unknown key is a detail of its own, with its path', async () => {
  const [user] = users as [TestUser]
  const answer = await user.inject('PUT', '/api/v1/users/me/preferences', {
    one: 1,
    notifications: { two: 2, chat: { three: 3 } },
  })
  expect(assertDetails(answer, 'preferences').map(({ path, code }) => [path, code])).toEqual(
    expect.arrayContaining([
      ['body.one', 'UNKNOWN_KEY'],
      ['body.notifications.two', 'UNKNOWN_KEY'],
      ['body.notifications.chat.three', 'UNKNOWN_KEY'],
    ]),
  )
})

test.each([
  ['/tasks', {}, 'body.title', 'REQUIRED', {}],
  ['/tasks', { title: 'x' }, 'body.title', 'TOO_SHORT', { min: 3, max: 200 }],
  ['/tasks', { title: 'x'.repeat(201) }, 'body.title', 'TOO_LONG', { min: 3, max: 200 }],
  ['/tasks', { title: 7 }, 'body.title', 'WRONG_TYPE', { expected: 'string' }],
  ['/tasks', { title: null }, 'body.title', 'WRONG_TYPE', { expected: 'string', isNull: true }],
  ['/tasks', { priority: 'top' }, 'body.priority', 'NOT_ONE_OF', { options: ['low', 'medium', 'high'] }],
  ['/tasks', { link: 'ftp://a' }, 'body.link', 'INVALID_URL', { example: expect.any(String) }],
  ['/tasks', { assigneeId: 'me' }, 'body.assigneeId', 'INVALID_ID', { example: expect.any(String) }],
  ['/tasks', { title: 'a\u202Eb' }, 'body.title', 'INVALID_CHARACTER', { kind: 'direction' }],
  ['/auth/register', { email: 'anna' }, 'body.email', 'INVALID_EMAIL', { example: expect.any(String) }],
  ['/auth/register', { timezone: 'IST' }, 'body.timezone', 'INVALID_TIME_ZONE', { example: 'Europe/Berlin' }],
  ['/auth/register', { username: 'admin' }, 'body.username', 'RESERVED', {}],
  ['/auth/register', { username: 'a b' }, 'body.username', 'INVALID_FORMAT', { pattern: '^[A-Za-z0-9_]{3,30}$' }],
  ['/tasks', { priority: 1 }, 'body.priority', 'WRONG_TYPE', { expected: 'string' }],
  ['/tasks', { priority: null }, 'body.priority', 'WRONG_TYPE', { expected: 'string', isNull: true }],
  ['/tasks', { dueDate: 1_893_488_400_000 }, 'body.dueDate', 'WRONG_TYPE', { expected: 'string' }],
  ['/tasks', { dueDate: {} }, 'body.dueDate', 'WRONG_TYPE', { expected: 'string' }],
  ['/reminders', { offsetMinutes: null }, 'body.offsetMinutes', 'WRONG_TYPE', { expected: 'integer', isNull: true }],
  ['/reminders', { offsetMinutes: '5' }, 'body.offsetMinutes', 'WRONG_TYPE', { expected: 'integer' }],
  ['/reminders', { offsetMinutes: 1.5 }, 'body.offsetMinutes', 'WRONG_TYPE', { expected: 'integer' }],
  ['/reminders', { taskId: exampleId }, 'body.scheduledAt', 'REQUIRED', { unless: 'offsetMinutes' }],
  [
    '/reminders',
    { taskId: exampleId, offsetMinutes: 5, scheduledAt: '2030-01-01T00:00:00Z' },
    'body.scheduledAt',
    'NOT_COMBINABLE',
    { with: 'offsetMinutes' },
  ],
  [
    '/invites',
    { email: 'a@example.org', role: 'client_user', organizationName: 'Acme' },
    'body.organizationName',
    'NOT_COMBINABLE',
    { with: 'role', value: 'client_user' },
  ],
])('POST %s %j names %s %s', async (url, body, path, code, params) => {
  const [user] = users as [TestUser]
  const details = assertDetails(await user.inject('POST', `/api/v1${url}`, body), body)
  expect(details).toContainEqual({ path, code, params, message: expect.any(String) })
})

test('a weak password is one detail that names every rule that it breaks', async () => {
  const body = { username: 'anna_lee', name: 'Anna', email: 'anna@example.org', password: 'xqzvk' }
  const answer = await api.connect().inject('POST', '/api/v1/auth/register', body)
  expect(assertDetails(answer, body)).toEqual([
    {
      path: 'body.password',
      code: 'WEAK_PASSWORD',
      params: { rules: ['minLength', 'upperCase', 'digit'], min: 8, max: 128 },
      message: 'must have at least 8 characters; must contain an upper-case letter; must contain a digit',
    },
  ])
})

test.each([
  ['2026-12-01', 'noTime'],
  ['2026-12-01T09:30:00', 'noOffset'],
  ['2026-12-01 09:30', 'noOffset'],
  ['2026-02-30T09:30:00Z', 'noSuchDay'],
  ['2026-13-01T09:30:00Z', 'noSuchDay'],
  ['2026-12-01T24:00:00Z', 'noSuchTime'],
  ['2026-12-01T09:60:00Z', 'noSuchTime'],
  ['2026-12-31T23:59:60Z', 'noSuchTime'],
  ['2026-12-01T09:30:00+24:00', 'noSuchOffset'],
  ['2026-12-01T09:30:00+01:60', 'noSuchOffset'],
  ['tomorrow', 'form'],
  ['', 'form'],
  ['20261201T093000Z', 'form'],
  ['2026-12-01T09:30:00Z[Europe/Berlin]', 'form'],
  ['01/12/2026', 'form'],
])('the date %j is refused with an example', async (dueDate, reason) => {
  const [user] = users as [TestUser]
  const answer = await user.inject('POST', '/api/v1/tasks', { title: 'A task', dueDate })
  const [detail] = assertDetails(answer, dueDate)
  expect(detail).toMatchObject({ path: 'body.dueDate', code: 'INVALID_DATE', params: { reason } })
  expect(detail?.message).toContain('2026-11-20T09:30:00+01:00')
})

test.each([
  ['2026-12-01T09:30:00.000Z', '2026-12-01T09:30:00.000Z'],
  ['2026-12-01T09:30:00+0200', '2026-12-01T07:30:00.000Z'],
  ['2026-12-01T09:30:00+02', '2026-12-01T07:30:00.000Z'],
  ['2026-12-01T09:30:00-09:30', '2026-12-01T19:00:00.000Z'],
  ['2026-12-01T09:30:00\u221202:00', '2026-12-01T11:30:00.000Z'],
  ['2026-12-01T09:30Z', '2026-12-01T09:30:00.000Z'],
  ['2026-12-01T09:30+02', '2026-12-01T07:30:00.000Z'],
  ['2026-12-01t09:30:00z', '2026-12-01T09:30:00.000Z'],
  ['2026-12-01 09:30:00Z', '2026-12-01T09:30:00.000Z'],
  ['2026-12-01 09:30:00 +0100', '2026-12-01T08:30:00.000Z'],
  ['2026-12-01T09:30:00,5Z', '2026-12-01T09:30:00.500Z'],
  ['2026-12-01T09:30:00.1239999999999Z', '2026-12-01T09:30:00.123Z'],
  [' 2026-12-01T09:30:00Z\n', '2026-12-01T09:30:00.000Z'],
  ['2028-02-29T09:30:00Z', '2028-02-29T09:30:00.000Z'],
])('the date %j is %s', async (dueDate, expected) => {
  const [user] = users as [TestUser]
  const answer = await user.inject('POST', '/api/v1/tasks', { title: 'A task', dueDate })
  expect(answer.statusCode, answer.body).toBe(201)
  expect(answer.json().data.task.dueDate).toBe(expected)
})

test.each(['v1', 'W/v1', '"v1', "'v1'", '1', '', '*, "v1"', '"v1" "v2"', '"v1\u0020"', 'w/"v1"'])(
  'the If-Match %j, which is no entity tag, is refused and changes nothing',
  async (tag) => {
    const user = await api.signUp()
    const answer = await user.inject('PATCH', '/api/v1/users/me', { bio: 'new' }, { 'if-match': tag })
    expect(assertDetails(answer, tag)).toMatchObject([{ path: 'headers.if-match', code: 'INVALID_ENTITY_TAG' }])
    expect((await user.inject('GET', '/api/v1/users/me')).json().data.user.bio).toBeNull()
  },
)

test.each([
  ['"v1"', 200],
  ['W/"v1"', 200],
  ['"a,b", "v1"', 200],
  [' , "v1" , ', 200],
  [' * ', 200],
  ['"v9"', 412],
  ['"*"', 412],
  ['"a,"v1"', 400],
])('the If-Match %j is answered %i', async (tag, status) => {
  const user = await api.signUp()
  const answer = await user.inject('PATCH', '/api/v1/users/me', { bio: 'new' }, { 'if-match': tag })
  expect(answer.statusCode, answer.body).toBe(status)
})

test.each(['+01:60', '+0199', '-09:75'])('the offset %s is told from one of too many hours', async (offset) => {
  const [user] = users as [TestUser]
  const answer = await user.inject('POST', '/api/v1/tasks', {
    title: 'A task',
    dueDate: `2026-12-01T09:30:00${offset}`,
  })
  expect(assertDetails(answer, offset)[0]?.message).toContain('minutes after 59')
})

test.each([255, 314, 1_017, 50_000])('an e-mail address of %i characters hears of the one maximum', async (length) => {
  const email = `${'a'.repeat(60)}@${'b.'.repeat(length)}`.slice(0, length - 4).replace(/\.?$/, 'c.com')
  const details = assertDetails(await api.connect().inject('POST', '/api/v1/auth/register', { email }), length)
  expect(details).toContainEqual(
    expect.objectContaining({ path: 'body.email', message: 'has more than 254 characters' }),
  )
})

test.each([
  ['{"title":"abc","__proto__":{"x":1}}', 'body.__proto__'],
  ['{"title":"abc","constructor":{"prototype":{}}}', 'body.constructor'],
  ['{"title":{"\\u005f_proto__":1}}', 'body.title.__proto__'],
])('the body %s has an unknown key', async (body, path) => {
  const [user] = users as [TestUser]
  const answer = await user.inject('POST', '/api/v1/tasks', body, { 'content-type': 'application/json' })
  expect(assertDetails(answer, body)).toMatchObject([{ path, code: 'UNKNOWN_KEY' }])
})

test.each([
  ['/tasks?q=%FF', 'query.q'],
  ['/tasks?limit=5&q=100%', 'query.q'],
  ['/tasks?%zz=1', 'query'],
  ['/users/%F0', 'params'],
])('the address %s, which is not percent-encoded UTF-8, is refused and names where', async (url, path) => {
  const [user] = users as [TestUser]
  const answer = await user.inject('GET', `/api/v1${url}`)
  expect(assertDetails(answer, url)).toMatchObject([{ path, code: 'INVALID_FORMAT', params: { example: '%25' } }])
})

test.each([
  ['status=done', 'query.status'],
  ['status=todo,done,gone', 'query.status'],
  ['assigneeId=you,me', 'query.assigneeId'],
])('the list %s is refused at its own name', async (query, path) => {
  const [user] = users as [TestUser]
  const details = assertDetails(await user.inject('GET', `/api/v1/tasks?${query}`), query)
  expect(details.map((detail) => detail.path)).toEqual([path])
})

test('an offset whose + was not percent-encoded in the address is read as one', async () => {
  const [user] = users as [TestUser]
  const answer = await user.inject('GET', '/api/v1/tasks?dueFrom=2026-12-01T09:30:00+02:00&dueTo=2026-12-01T07:30:00Z')
  expect(answer.statusCode, answer.body).toBe(200)
})

test('a date outside of 1970 to 9999 names the range', async () => {
  const [user] = users as [TestUser]
  const answer = await user.inject('POST', '/api/v1/tasks', { title: 'A task', dueDate: '1969-12-31T23:59:59Z' })
  expect(assertDetails(answer, 'range')).toMatchObject([{ code: 'OUT_OF_RANGE' }])
})

test('docs/use.md lists every code of a detail', async () => {
  const guide = await readFile(new URL('../../../../docs/use.md', import.meta.url), 'utf8')
  expect(
    guide.match(/(?<=^\| `)[A-Z_]+(?=` \| )/gm)?.filter((code) => (detailCodes as string[]).includes(code)),
  ).toEqual(detailCodes)
})
