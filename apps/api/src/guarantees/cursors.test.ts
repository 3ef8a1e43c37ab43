/* A cursor is an opaque text that only the API writes. Any other text is refused and never reaches Postgres. */
import { insertTask } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

type Page = { data: { tasks: { title: string }[] }; pagination: { nextCursor: string | null } }

let api: TestApp
let admin: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  admin = await api.signUp({ role: 'super_admin' })
})
afterAll(() => api.close())

const id = '01890000-0000-7000-8000-000000000000'
const digits = '1'.repeat(300)
const badInstants = [
  '0000-01-01T00:00:00.000000Z',
  `2026-01-01T00:00:00.${digits}Z`,
  '2026-02-30T00:00:00.000000Z',
  '2026-01-01T24:00:00.000000Z',
  '2026-01-01T00:00:60.000000Z',
  '2026-01-01T00:00:00+99:99',
  '+294277-01-01T00:00:00.000Z',
  '-004714-01-01T00:00:00.000Z',
  'infinity',
  '-infinity',
  'now',
  'epoch',
  'allballs',
  '\0',
  '\ud800',
  '',
  0,
  1e300,
  null,
  {},
]
const badNumbers = [
  '1e-400',
  '1e400',
  '-1e400',
  'NaN',
  'Infinity',
  '-0',
  '0x1p3',
  `0.${digits}`,
  digits,
  '',
  '1e',
  '٣',
  0.5,
]
const badIds = ['nonsense', '', `{${id}}`, id.replaceAll('-', ''), `${id}\0`, `urn:uuid:${id}`, 7, null, [id]]
const instant = '2026-01-01T00:00:00.000000Z'
const millis = '2026-01-01T00:00:00.000Z'

const badAuditPositions = [
  ...[-1, 0.5, 1e300, '1', null].map((micros) => [micros, 1]),
  ...[-1, 0.5, 1e300, '1', null].map((seq) => [1, seq]),
]

/** Invalid positions of each list, well-formed as JSON. */
const positions: Record<string, unknown[]> = {
  'tasks?': [...badInstants.map((at) => ['dueDate', at, id]), ...badIds.map((bad) => ['dueDate', instant, bad])],
  'tasks?sort=-createdAt&': badInstants.map((at) => ['-createdAt', at, id]),
  'tasks?sort=priority&': ['0', '4', '99999999999', '1.0', ' 1', 1, null].map((key) => ['priority', key, id]),
  'tasks?sort=title&': ['a\0', '\ud800', 'x'.repeat(1_001), 7, null].map((key) => ['title', key, id]),
  'tasks?q=task&': badNumbers.map((key) => ['-relevance', key, id]),
  'notifications?': [...badInstants.map((at) => [at, id]), ...badIds.map((bad) => [instant, bad])],
  'chats?': [
    ...badInstants.map((at) => [millis, at, id]),
    ...badInstants.map((at) => [at, instant, id]),
    ...badIds.map((bad) => [millis, instant, bad]),
  ],
  'chats/search?q=hello&': [...badInstants.map((at) => [at, id]), ...badIds.map((bad) => [instant, bad])],
  'reminders?': [
    ...badInstants.map((at) => ['scheduledAt', at, id]),
    ...badIds.map((bad) => ['scheduledAt', millis, bad]),
    ['createdAt', millis, id],
    [millis, id],
  ],
  'admin/audit-events?': badAuditPositions,
  'users/me/access-log?': badAuditPositions,
  [`tasks/${id}/activity?`]: badAuditPositions,
}
const shapes = [null, 7, '"', '[]', [], {}, [[]], ['dueDate'], ['__proto__', {}, id], Array(500).fill(id)]

describe.each(Object.entries(positions))('GET %s', (path, given) => {
  test('refuses every cursor that it does not return itself', async () => {
    const cursors = [
      ...[...given, ...shapes].map((position) => Buffer.from(JSON.stringify(position)).toString('base64url')),
      ...['nonsense', '=', '%00', 'W10', '999999999999999999.1', '1.1', '-1.-1', 'infinity', id],
    ]
    for (const cursor of cursors) {
      const answer = await admin.inject('GET', `/api/v1/${path}cursor=${cursor}`)
      expect([cursor, answer.statusCode, answer.json().error]).toMatchObject([
        cursor,
        400,
        { code: 'VALIDATION_FAILED', details: [{ path: 'query.cursor' }] },
      ])
    }
  })
})

test.each(['admin/emails?', 'admin/queues/email/failed?'])('GET %s accepts only an id as its cursor', async (path) => {
  for (const cursor of ['nonsense', '%00', `%7B${id}%7D`, `${id}%00`, '1e-400', '%ff']) {
    const answer = await admin.inject('GET', `/api/v1/${path}cursor=${cursor}`)
    expect([cursor, answer.statusCode, answer.json().error.code]).toEqual([cursor, 400, 'VALIDATION_FAILED'])
  }
})

test('a valid cursor in another spelling is refused', async () => {
  const user = await api.signUp()
  for (let count = 0; count < 3; count++)
    await insertTask(api.db, { id: user.userId, organization_id: user.organizationId })
  const first = await user.inject('GET', '/api/v1/tasks?limit=1')
  const { nextCursor } = first.json().pagination
  expect((await user.inject('GET', `/api/v1/tasks?limit=1&cursor=${nextCursor}`)).statusCode).toBe(200)
  const json = Buffer.from(nextCursor, 'base64url').toString()
  const spellings = [
    `${nextCursor}=`,
    `${nextCursor}!!`,
    ` ${nextCursor}`,
    Buffer.from(` ${json}`).toString('base64url'),
    Buffer.from(json.replace('[', '[\n')).toString('base64url'),
    Buffer.from(json.replace('Z"', '000Z"')).toString('base64url'),
    Buffer.from(json.replace(/[0-9a-f-]{36}/, (text) => text.toUpperCase())).toString('base64url'),
  ]
  for (const cursor of spellings) {
    const answer = await user.inject('GET', `/api/v1/tasks?limit=1&cursor=${encodeURIComponent(cursor)}`)
    expect([cursor, answer.statusCode]).toEqual([cursor, 400])
  }
})

test.each(['dueDate', '-dueDate', 'createdAt', 'priority', '-title', 'relevance', '-relevance'])(
  'the cursors of a list by %s lead through all of its rows',
  async (sort) => {
    const user = await api.signUp()
    const owner = { id: user.userId, organization_id: user.organizationId }
    const titles = ['A common task', 'B common common task', 'C task of common kind', 'D \u{1F600} common', 'E common']
    for (const title of titles)
      await insertTask(api.db, owner, { title, due_date: new Date('1969-01-01T00:00:00.123Z') })
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = `q=common&sort=${encodeURIComponent(sort)}&limit=2${cursor && `&cursor=${cursor}`}`
      const page: Page = (await user.inject('GET', `/api/v1/tasks?${query}`)).json()
      expect(page).toMatchObject({ success: true })
      seen.push(...page.data.tasks.map(({ title }) => title))
      cursor = page.pagination.nextCursor
    }
    expect(seen.sort()).toEqual(titles)
  },
)
