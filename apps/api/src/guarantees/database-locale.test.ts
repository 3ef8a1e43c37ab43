import { findOddSettings } from '@muster/db'
import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { putReminder, putTask, readAnalytics, readStreaks } from '../modules/analytics/testing/analytics-fixtures.ts'
import { createReminder, createTask, joining } from '../modules/organizations/testing/organization-fixtures.ts'
import { buildTestApp, type TestApp, type TestPerson } from '../testing/api.ts'

/*
 * The same people do the same things on a database as ours are, and on one of another locale (`C`), of another zone and with
 * other ways to write dates.
 */

const clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))
let apps: TestApp[]

beforeAll(async () => {
  apps = await Promise.all([buildTestApp({ clock }), buildTestApp({ clock, database: { isForeign: true } })])
})
afterAll(() => Promise.all(apps.map((app) => app.close())))

/** What both applications answer, which has to be the same. */
async function answered<T>(ask: (app: TestApp) => Promise<T>): Promise<T> {
  const [usual, foreign] = await Promise.all(apps.map(ask))
  expect(foreign).toEqual(usual)
  return usual as T
}

const rename = (person: TestPerson, name: string) => person.inject('PATCH', '/api/v1/users/me', { name })
const dataOf = async (person: TestPerson, url: string) => (await person.inject('GET', url)).json().data

test('analytics are counted by the same dates', async () => {
  const told = await answered(async (app) => {
    const person = await app.signUp({ timezone: 'America/New_York' })
    await putTask(app, person, new Date('2026-11-20T03:30:00Z'))
    await putTask(app, person, new Date('2026-11-01T05:30:00Z'))
    await putReminder(app, person, 'completed', new Date('2026-11-18T12:00:00Z'))
    return { ...(await readAnalytics(person)), ...(await readStreaks(person)) }
  })
  expect(told.dailyData.filter(({ completed }) => completed > 0)).toEqual([
    { date: '2026-11-18', completed: 1 },
    { date: '2026-11-19', completed: 1 },
  ])
})

test('times are told to the instant, those of nested rows too', async () => {
  const task = await answered(async (app) => {
    const person = await app.signUp()
    const { id } = await createTask(person, { dueDate: '2026-12-24T18:30:00.123Z' })
    await createReminder(person, id)
    const { tasks } = await dataOf(person, '/api/v1/tasks')
    const [{ dueDate, createdAt, reminders }] = tasks
    const [{ scheduledAt }] = reminders
    return { dueDate, createdAt: typeof createdAt, scheduledAt }
  })
  expect(task.dueDate).toBe('2026-12-24T18:30:00.123Z')
})

test('a process in a zone of odd offsets writes instants as they are', async () => {
  const before = process.env.TZ
  // Until 1972 its clocks were 44 minutes and 30 seconds behind UTC.
  process.env.TZ = 'Africa/Monrovia'
  try {
    const dueDate = '1971-06-01T12:00:15.250Z'
    const told = await answered(async (app) => {
      const { id } = await createTask(await app.signUp(), { dueDate })
      return app.db.selectFrom('tasks').select('due_date').where('id', '=', id).executeTakeFirstOrThrow()
    })
    expect(told.due_date.toISOString()).toBe(dueDate)
  } finally {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  }
})

test('tasks are in the same order by title, page by page', async () => {
  const titles = ['Zebra', 'apple', 'Éclair', 'eclair', 'über', 'Ähre', '_under', '10 things', '9 things', '中文字']
  const order = await answered(async (app) => {
    const person = await app.signUp()
    for (const title of titles) await createTask(person, { title })
    const pages: string[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const answer = await person.inject('GET', `/api/v1/tasks?sort=title&limit=3${cursor ? `&cursor=${cursor}` : ''}`)
      const { data, pagination } = answer.json()
      pages.push(...data.tasks.map(({ title }: { title: string }) => title))
      cursor = pagination.nextCursor as string | null
    }
    return pages
  })
  expect(order).toEqual(titles.toSorted())
})

test('people are found and listed alike, whatever the script of their names', async () => {
  const found = await answered(async (app) => {
    const person = await app.signUp()
    const names = ['Émile Zola', 'Ÿvonne', 'ΣΟΦΙΑ', 'zoë', 'Anna']
    for (const name of names) await rename(await joining(app, person), name)
    const search = async (q: string) =>
      (await dataOf(person, `/api/v1/users?q=${encodeURIComponent(q)}`)).users.map(({ name }: { name: string }) => name)
    const members = await dataOf(person, '/api/v1/organization/members')
    return {
      found: await Promise.all(['émile', 'ÿvo', 'οφια', 'ZOË', 'an'].map(search)),
      members: members.members.map(({ name }: { name: string }) => name).filter((name: string) => names.includes(name)),
    }
  })
  expect(found.found.map(([first]: string[]) => first)).toEqual(['Émile Zola', 'Ÿvonne', 'ΣΟΦΙΑ', 'zoë', 'Anna'])
  expect(found.members).toEqual(['Anna', 'zoë', 'Émile Zola', 'Ÿvonne', 'ΣΟΦΙΑ'].toSorted())
})

test('what the sessions can not set is told to the operator', async () => {
  const [usual, foreign] = await Promise.all(apps.map(({ db }) => findOddSettings(db)))
  expect(usual).toEqual([])
  expect(foreign).toEqual([expect.stringMatching(/^The locale of the database knows no letters but ASCII’s/)])
})
