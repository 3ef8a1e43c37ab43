import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { putReminder, putTask, readAnalytics, readStreaks } from '../modules/analytics/testing/analytics-fixtures.ts'
import { createReminder, createTask, joining } from '../modules/organizations/testing/organization-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

/*
 * Sends the same requests to an API on the default database and to one on a database with another locale (`C`), time
 * zone and date style. The responses must be equal.
 */

const clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))
let apps: TestApp[]

beforeAll(async () => {
  apps = await Promise.all([buildTestApp({ clock }), buildTestApp({ clock, database: { isForeign: true } })])
})
afterAll(() => Promise.all(apps.map((app) => app.close())))

/** Runs the requests on both databases and returns their equal result. */
async function onBoth<T>(run: (app: TestApp) => Promise<T>): Promise<T> {
  const [standard, foreign] = await Promise.all(apps.map(run))
  expect(foreign).toEqual(standard)
  return standard as T
}

const rename = (user: TestUser, name: string) => user.inject('PATCH', '/api/v1/users/me', { name })
const dataOf = async (user: TestUser, url: string) => (await user.inject('GET', url)).json().data

test('analytics have the same dates', async () => {
  const result = await onBoth(async (app) => {
    const user = await app.signUp({ timezone: 'America/New_York' })
    await putTask(app, user, new Date('2026-11-20T03:30:00Z'))
    await putTask(app, user, new Date('2026-11-01T05:30:00Z'))
    await putReminder(app, user, 'completed', new Date('2026-11-18T12:00:00Z'))
    return { ...(await readAnalytics(user)), ...(await readStreaks(user)) }
  })
  expect(result.dailyData.slice(-3, -1)).toEqual([
    { date: '2026-11-18', completedTasks: 0, completedReminders: 1 },
    { date: '2026-11-19', completedTasks: 1, completedReminders: 0 },
  ])
})

test('instants are exact, also in nested rows', async () => {
  const task = await onBoth(async (app) => {
    const user = await app.signUp()
    const { id } = await createTask(user, { dueDate: '2026-12-24T18:30:00.123Z' })
    await createReminder(user, id)
    const { tasks } = await dataOf(user, '/api/v1/tasks')
    const [{ dueDate, createdAt, reminders }] = tasks
    const [{ scheduledAt }] = reminders
    return { dueDate, createdAt: typeof createdAt, scheduledAt }
  })
  expect(task.dueDate).toBe('2026-12-24T18:30:00.123Z')
})

test('a process in a zone with odd offsets writes exact instants', async () => {
  const before = process.env.TZ
  // Its offset was 44 minutes and 30 seconds until 1972.
  process.env.TZ = 'Africa/Monrovia'
  try {
    const dueDate = '1971-06-01T12:00:15.250Z'
    const result = await onBoth(async (app) => {
      const { id } = await createTask(await app.signUp(), { dueDate })
      return app.db.selectFrom('tasks').select('due_date').where('id', '=', id).executeTakeFirstOrThrow()
    })
    expect(result.due_date?.toISOString()).toBe(dueDate)
  } finally {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  }
})

test('tasks have the same order by title, page by page', async () => {
  const sorted = [
    ...['_under', '9 things', '10 things', 'Ähre', 'Äpfel', 'apple', 'Apple', 'eclair', 'Éclair', 'über', 'Zebra'],
    ...['Иван', 'שלום', '中文字'],
  ]
  const titles = sorted.toSorted()
  const order = await onBoth(async (app) => {
    const user = await app.signUp()
    for (const title of titles) await createTask(user, { title })
    const pages: string[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const answer = await user.inject('GET', `/api/v1/tasks?sort=title&limit=3${cursor ? `&cursor=${cursor}` : ''}`)
      const { data, pagination } = answer.json()
      pages.push(...data.tasks.map(({ title }: { title: string }) => title))
      cursor = pagination.nextCursor as string | null
    }
    return pages
  })
  expect(order).toEqual(sorted)
})

test('users are found and listed alike, with names in any script', async () => {
  const found = await onBoth(async (app) => {
    const user = await app.signUp()
    const names = ['Émile Zola', 'Ÿvonne', 'ΣΟΦΙΑ', 'zoë', 'Anna']
    for (const name of names) await rename(await joining(app, user), name)
    const search = async (q: string) =>
      (await dataOf(user, `/api/v1/users?q=${encodeURIComponent(q)}`)).users.map(({ name }: { name: string }) => name)
    const members = await dataOf(user, '/api/v1/organization/members')
    return {
      found: await Promise.all(['émile', 'ÿvo', 'οφια', 'ZOË', 'an'].map(search)),
      members: members.members.map(({ name }: { name: string }) => name).filter((name: string) => names.includes(name)),
    }
  })
  expect(found.found.map(([first]: string[]) => first)).toEqual(['Émile Zola', 'Ÿvonne', 'ΣΟΦΙΑ', 'zoë', 'Anna'])
  expect(found.members).toEqual(['Anna', 'Émile Zola', 'Ÿvonne', 'zoë', 'ΣΟΦΙΑ'])
})
