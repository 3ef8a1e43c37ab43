import { manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { createTask, signUpColleague, tasksUrl, titlesOf, tomorrow } from './testing/tasks-fixtures.ts'

const clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))
const hourMs = 3_600_000

let api: TestApp
let ann: TestUser

beforeAll(async () => {
  api = await buildTestApp({ clock })
  ann = await api.signUp()
})
afterAll(() => api.close())

test('the list filters by each field, by several values of one, and by words', async () => {
  const admin = await api.signUp()
  const colleague = await signUpColleague(api, admin)
  await createTask(admin, { title: 'Alpha report', priority: 'high', category: 'Work', status: 'in-progress' })
  await createTask(admin, { title: 'Beta', description: 'A quarterly report', priority: 'low', category: 'Home' })
  await createTask(admin, { title: 'Gamma', dueDate: '2026-12-24T12:00:00.000Z', assigneeId: colleague.userId })
  await createTask(admin, {
    title: 'Delta',
    category: 'Odds, ends \\',
    dueDate: '2028-01-01T00:00:00Z',
    status: 'completed',
  })
  const find = async (query: string) => titlesOf(await admin.inject('GET', `${tasksUrl}?sort=title&${query}`))
  expect(await find('status=in-progress')).toEqual(['Alpha report'])
  expect(await find('status=todo,in-progress')).toEqual(['Alpha report', 'Beta', 'Gamma'])
  expect(await find('priority=high,low')).toEqual(['Alpha report', 'Beta'])
  expect(await find('category=Work')).toEqual(['Alpha report'])
  expect(await find(`category=Home,${encodeURIComponent('Odds\\, ends \\\\')}`)).toEqual(['Beta', 'Delta'])
  expect(await find(`assigneeId=${colleague.userId}`)).toEqual(['Gamma'])
  expect(await find('dueFrom=2026-12-01T00:00:00Z')).toEqual(['Delta', 'Gamma'])
  expect(await find('dueTo=2026-12-01T00:00:00Z')).toEqual(['Alpha report', 'Beta'])
  expect(await find('q=REPORT')).toEqual(['Alpha report', 'Beta'])
  expect(await find('q=report%20-quarterly')).toEqual(['Alpha report'])
  expect(await find(`q=${encodeURIComponent(`'"):*&|!<->`)}`)).toEqual([])
  expect(await find('priority=high&status=todo')).toEqual([])
})

test('a search finds beginnings of words in any order, and quoted phrases in theirs', async () => {
  const user = await api.signUp()
  await createTask(user, { title: 'Water the big plants', description: 'It’s urgent' })
  await createTask(user, { title: "Plant O'Neill's e-mail trees", description: 'no water' })
  const find = async (q: string) =>
    titlesOf(await user.inject('GET', `${tasksUrl}?sort=title&q=${encodeURIComponent(q)}`))
  const [first, second] = ["Plant O'Neill's e-mail trees", 'Water the big plants']
  expect(await find('pla wat')).toEqual([first, second])
  expect(await find('wat bi')).toEqual([second])
  expect(await find('"water the bi"')).toEqual([second])
  expect(await find('"wat the"')).toEqual([])
  expect(await find('-"big pla" wat')).toEqual([first])
  expect(await find('big or tre')).toEqual([first, second])
  expect(await find("o'nei")).toEqual([first])
  expect(await find('e-ma')).toEqual([first])
  expect(await find('lants')).toEqual([])
  for (const odd of ["'", "''", ':*', '\\', '"', '-', '!!', "a' | 'b", '<->', '( )', 'a:b*c', '\\x:*'])
    expect(Array.isArray(await find(odd))).toBe(true)
})

test('a search finds each word in names of files, addresses, codes and compounds', async () => {
  const user = await api.signUp()
  const find = async (q: string) => titlesOf(await user.inject('GET', `${tasksUrl}?q=${encodeURIComponent(q)}`))
  const sought = [
    ['report-final.pdf review', 'final', 'pdf'],
    ['Follow-up with the team', 'up'],
    ['state-of-the-art demo', 'the', 'art'],
    ['foo_bar-baz.txt', 'bar', 'baz'],
    ['JIRA-1234', '1234', '12'],
    ['TCP/IP for <b>beginners</b>', 'ip', 'beginners'],
    ['www.muster.dev', 'muster'],
    ['https://example.com/path?x=1&amp;y', 'example', 'path', 'y'],
    ["don’t panic, don't", 'panic'],
  ] as const
  for (const [title] of sought) await createTask(user, { title })
  for (const [title, ...words] of sought) {
    const beginnings = Array.from(title, (_, index) => title.slice(0, index + 1)).filter((part) =>
      /[\p{L}\p{N}]/u.test(part),
    )
    for (const q of [...beginnings, ...words]) expect(await find(q), q).toContain(title)
  }
  await createTask(user, { title: 'Room -2, the key' })
  for (const q of ['"room -2"', '"room -2" key']) expect(await find(q)).toEqual(['Room -2, the key'])
  expect(await find('room -2')).toEqual([])
})

test('no search fails, with any marks in it', async () => {
  const parts = [
    '-',
    '--',
    '"',
    '""',
    ' ',
    'or',
    'OR ',
    'a',
    'not',
    '(',
    ')',
    '!',
    '&',
    '|',
    ':*',
    '<->',
    "'",
    '\\',
    '-"',
    '- ',
    'é',
    '😀',
  ]
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed % below
  }
  const made = Array.from({ length: 150 }, () => {
    const few = Array.from({ length: 1 + random(4) }, () => parts[random(parts.length)] as string)
    return [...Array.from({ length: 100 }, () => few[random(few.length)]).join('')].slice(0, 200).join('')
  })
  const dull = [
    '-'.repeat(199),
    `${'-'.repeat(199)}a`,
    '- '.repeat(99),
    '-"" '.repeat(50),
    '-a '.repeat(66),
    'or '.repeat(66),
  ]
  for (const q of [...dull, ...made].filter((text) => text.trim() !== '')) {
    const response = await ann.inject('GET', `${tasksUrl}?q=${encodeURIComponent(q)}`)
    expect([q, response.statusCode]).toEqual([q, 200])
  }
})

test('results are ordered by relevance: a word in the title counts more than in the description', async () => {
  const user = await api.signUp()
  const late = '2027-01-01T00:00:00.000Z'
  await createTask(user, { title: 'Call somebody', description: 'about the budget' })
  await createTask(user, { title: 'Budget', description: 'the budget of the year', dueDate: late })
  await createTask(user, { title: 'Plan the budget', dueDate: late })
  const read = async (query: string): Promise<ListReply> =>
    (await user.inject('GET', `${tasksUrl}?q=budg${query}`)).json()
  const found = ['Budget', 'Plan the budget', 'Call somebody']
  expect((await read('')).data.tasks.map(({ title }) => title)).toEqual(found)
  expect((await read('&sort=relevance')).data.tasks.map(({ title }) => title)).toEqual(found.toReversed())
  const walked: (string | undefined)[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const reply: ListReply = await read(`&limit=1${cursor && `&cursor=${cursor}`}`)
    walked.push(...reply.data.tasks.map(({ title }) => title))
    cursor = reply.pagination.nextCursor
  }
  expect(walked).toEqual(found)
})

test('in every order, pages by number and by cursor contain each task exactly once', async () => {
  const user = await api.signUp()
  const priorities = ['low', 'medium', 'high']
  for (let index = 0; index < 13; index++) {
    clock.advance(index % 3 === 0 ? 1_000 : 0)
    const dueDate = new Date(Date.parse(tomorrow) + (index % 4) * hourMs).toISOString()
    await createTask(user, {
      title: `Task ${String.fromCharCode(109 - (index % 5))}`,
      dueDate,
      priority: priorities[index % 3],
    })
  }
  const key: Record<string, (task: Record<string, string>) => string | number | undefined> = {
    dueDate: (task) => task.dueDate,
    createdAt: (task) => task.createdAt,
    priority: (task) => priorities.indexOf(task.priority ?? ''),
    title: (task) => task.title,
  }
  for (const field of Object.keys(key)) {
    for (const sign of ['', '-', '%2B']) {
      const walk = async (next: (page: number, cursor: string | null) => string) => {
        const found: Record<string, string>[] = []
        for (let page = 1, cursor: string | null = null; ; page++) {
          const query = `sort=${sign}${field}&limit=5${next(page, cursor)}`
          const reply: ListReply = (await user.inject('GET', `${tasksUrl}?${query}`)).json()
          found.push(...reply.data.tasks)
          cursor = reply.pagination.nextCursor
          if (cursor === null) return found
        }
      }
      const byNumber = await walk((page) => `&page=${page}`)
      const byCursor = await walk((_page, cursor) => (cursor ? `&cursor=${cursor}` : ''))
      expect(new Set(byNumber.map(({ id }) => id)).size).toBe(13)
      expect(byCursor).toEqual(byNumber)
      const keys = byNumber.map((task) => key[field]?.(task) ?? '')
      const sorted = keys.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      expect(keys).toEqual(sign === '-' ? sorted.reverse() : sorted)
    }
  }
})

type ListReply = { data: { tasks: Record<string, string>[] }; pagination: { nextCursor: string | null } }

test('a cursor works with a title of the maximum length', async () => {
  const user = await api.signUp()
  for (const due of [tomorrow, '2027-01-01T00:00:00.000Z'])
    await createTask(user, { title: '😀'.repeat(200), dueDate: due })
  const first: ListReply = (await user.inject('GET', `${tasksUrl}?sort=title&limit=1`)).json()
  const next = await user.inject('GET', `${tasksUrl}?sort=title&limit=1&cursor=${first.pagination.nextCursor}`)
  expect(next.json().data.tasks).toHaveLength(1)
  expect(next.json().data.tasks[0].id).not.toBe(first.data.tasks[0]?.id)
})

test('a numbered page has the total; a task visible for several reasons counts once', async () => {
  const admin = await api.signUp()
  for (let index = 0; index < 5; index++) await createTask(admin, { assigneeId: admin.userId })
  const page = await admin.inject('GET', `${tasksUrl}?limit=2&page=3`)
  expect(page.json()).toMatchObject({ success: true, data: { tasks: [{}] } })
  expect(page.json().pagination).toEqual({ page: 3, limit: 2, total: 5, totalPages: 3, nextCursor: null })
  const first = await admin.inject('GET', `${tasksUrl}?limit=2`)
  const next = await admin.inject('GET', `${tasksUrl}?limit=2&cursor=${first.json().pagination.nextCursor}`)
  expect(next.json().pagination).toEqual({
    page: null,
    limit: 2,
    total: null,
    totalPages: null,
    nextCursor: expect.any(String),
  })
})

test('the total is exact up to 10,000; 10,001 means more', async () => {
  const admin = await api.signUp()
  const insert = (count: number) =>
    sql`
      insert into tasks (id, owner_id, organization_id, title, due_date)
      select gen_random_uuid(), ${admin.userId}, ${admin.organizationId}, 'Bulk', clock_timestamp()
      from generate_series(1, ${count}::integer)`.execute(api.db)
  const total = async () => (await admin.inject('GET', `${tasksUrl}?limit=1`)).json().pagination.total
  await insert(10_000)
  expect(await total()).toBe(10_000)
  await insert(5)
  expect(await total()).toBe(10_001)
})

test.each([
  ['status=done', 'query.status'],
  ['priority=', 'query.priority'],
  ['sort=ownerId', 'query.sort'],
  ['page=0', 'query.page'],
  ['page=501&limit=50', 'query.page'],
  ['page=99999999999999999999', 'query.page'],
  ['limit=101', 'query.limit'],
  ['limit=ten', 'query.limit'],
  ['limit=1&limit=2', 'query.limit'],
  ['status=todo&status=completed', 'query.status'],
  ['assigneeId=you', 'query.assigneeId'],
  ['dueFrom=tomorrow', 'query.dueFrom'],
  ['dueFrom=2026-02-01T00:00:00Z&dueTo=2026-01-01T00:00:00Z', 'query.dueTo'],
  ['q=%00', 'query.q'],
  ['sort=-relevance', 'query.sort'],
  ['cursor=nonsense', 'query.cursor'],
  [`cursor=${cursorOf(['-dueDate', '2026-11-20T00:00:00.000000Z', crypto.randomUUID()])}`, 'query.cursor'],
  [`cursor=${cursorOf(['dueDate', "'; drop table tasks", crypto.randomUUID()])}`, 'query.cursor'],
  [`cursor=${cursorOf(['dueDate', '2026-11-20T00:00:00.000000Z', 'x'])}`, 'query.cursor'],
  ['cursor=x&page=1', 'query.cursor'],
  ['colour=red', 'query.colour'],
])('a list with the query %s is refused, naming the field', async (query, path) => {
  const response = await ann.inject('GET', `${tasksUrl}?${query}`)
  expect(response.statusCode).toBe(400)
  expect(response.json()).toMatchObject({ error: { code: 'VALIDATION_FAILED', details: [{ path }] } })
})

function cursorOf(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

test('each listed task has only the reminders of the reader', async () => {
  const admin = await api.signUp()
  const colleague = await signUpColleague(api, admin)
  const task = await createTask(admin, { assigneeId: colleague.userId })
  await admin.inject('POST', '/api/v1/reminders', { taskId: task.id, offsetMinutes: 5, message: 'mine' })
  await colleague.inject('POST', '/api/v1/reminders', { taskId: task.id, offsetMinutes: 6, message: 'theirs' })
  const [listed] = (await admin.inject('GET', tasksUrl)).json().data.tasks
  const [mine] = (await admin.inject('GET', `${tasksUrl}/${task.id}/reminders`)).json().data.reminders
  const { task: _, ...own } = mine
  expect(listed).toEqual({ ...task, reminders: [own] })
  expect(mine.message).toBe('mine')
})
