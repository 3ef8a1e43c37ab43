import { analyticsKey } from '@muster/cache'
import { parseRedisUrl } from '@muster/redis'
import { eventually, type ManualClock, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { accept, invited, withEmail } from '../invites/testing/invites-fixtures.ts'
import { createReminder, createTask, joining, removeMember } from '../organizations/testing/organization-fixtures.ts'
import { putTask, readAnalytics, readStreaks } from './testing/analytics-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const cachedOf = async ({ userId }: TestUser) => {
  const text = await api.redis.get(analyticsKey(userId))
  return text?.startsWith('{') ? text : undefined
}
const readBoth = async (user: TestUser) => ({ ...(await readAnalytics(user)), ...(await readStreaks(user)) })

test('both routes answer from the cache without reading Postgres', async () => {
  const user = await api.signUp()
  expect((await readAnalytics(user)).totalTasks).toBe(0)
  // Written past the API, so that nothing invalidates the cache.
  await putTask(api, user, clock.now())
  expect(await readBoth(user)).toMatchObject({ totalTasks: 0, active: 0 })
  await api.redis.del(analyticsKey(user.userId))
  expect(await readBoth(user)).toMatchObject({ totalTasks: 1, active: 1 })
  const ttlMs = await api.redis.pttl(analyticsKey(user.userId))
  expect(ttlMs).toBeGreaterThan(290_000)
  expect(ttlMs).toBeLessThanOrEqual(300_000)
})

describe('a change invalidates the cached analytics of each user it concerns:', () => {
  /** A team with a task of the owner, assigned to one member; the client_admin has a reminder of it. */
  async function team() {
    const owner = await api.signUp()
    const [assignee, colleague, admin] = [
      await joining(api, owner),
      await joining(api, owner),
      await joining(api, owner, 'client_admin'),
    ]
    const { id: taskId } = await createTask(owner, { assigneeId: assignee.userId })
    const reminderId = await createReminder(admin, taskId)
    return { owner, assignee, colleague, admin, taskId, reminderId }
  }
  type Team = Awaited<ReturnType<typeof team>>
  const patchTask = (user: TestUser, id: string, body: object) => user.inject('PATCH', `/api/v1/tasks/${id}`, body)
  const everybody: (keyof Team)[] = ['owner', 'assignee', 'admin']

  const changes: [string, (given: Team) => Promise<unknown>, (keyof Team)[]][] = [
    ['a new task', ({ owner }) => createTask(owner), ['owner']],
    [
      'a new task for another user',
      ({ owner, colleague }) => createTask(owner, { assigneeId: colleague.userId }),
      ['owner', 'colleague'],
    ],
    ['a completion by the owner', ({ owner, taskId }) => patchTask(owner, taskId, { status: 'completed' }), everybody],
    ['one by the assignee', ({ assignee, taskId }) => patchTask(assignee, taskId, { status: 'completed' }), everybody],
    ['one by a client_admin', ({ admin, taskId }) => patchTask(admin, taskId, { status: 'completed' }), everybody],
    [
      'another category',
      ({ assignee, taskId }) => patchTask(assignee, taskId, { category: 'Else' }),
      ['owner', 'assignee'],
    ],
    [
      'another assignee',
      ({ owner, colleague, taskId }) => patchTask(owner, taskId, { assigneeId: colleague.userId }),
      ['owner', 'assignee', 'colleague'],
    ],
    ['a deletion', ({ admin, taskId }) => admin.inject('DELETE', `/api/v1/tasks/${taskId}`), everybody],
    ['a new reminder', ({ assignee, taskId }) => createReminder(assignee, taskId), ['assignee']],
    [
      'a completed reminder',
      ({ admin, reminderId }) => admin.inject('PATCH', `/api/v1/reminders/${reminderId}`, { status: 'completed' }),
      ['admin'],
    ],
    [
      'a deleted reminder',
      ({ admin, reminderId }) => admin.inject('DELETE', `/api/v1/reminders/${reminderId}`),
      ['admin'],
    ],
    ['the removal of the owner', ({ admin, owner }) => removeMember(admin, owner.userId), everybody],
    ['the removal of the assignee', ({ admin, assignee }) => removeMember(admin, assignee.userId), ['assignee']],
    [
      'an owner who accepts an invitation elsewhere',
      async ({ owner }) => {
        const other = await api.signUp()
        const { token } = await invited(api, other, 'client_user', owner.email)
        return accept(await withEmail(api, owner, owner.email), { token })
      },
      everybody,
    ],
    [
      'an owner who joins the platform',
      async ({ owner }) => {
        const root = await api.signUp({ role: 'super_admin' })
        return root.inject('PATCH', `/api/v1/admin/users/${owner.userId}`, { role: 'operator' })
      },
      everybody,
    ],
    [
      'another timezone',
      ({ owner }) => owner.inject('PATCH', '/api/v1/users/me', { timezone: 'Pacific/Auckland' }),
      ['owner'],
    ],
  ]

  test.each(changes)('%s', async (_what, change, concerned) => {
    const given = await team()
    const users = { owner: given.owner, assignee: given.assignee, colleague: given.colleague, admin: given.admin }
    for (const user of Object.values(users)) await readAnalytics(user)
    for (const user of Object.values(users)) expect(await cachedOf(user)).toBeDefined()
    const answer = (await change(given)) as { statusCode?: number }
    expect([undefined, 200, 201]).toContain(answer?.statusCode)
    for (const [name, user] of Object.entries(users)) {
      if (concerned.includes(name as keyof Team)) expect([name, await cachedOf(user)]).toEqual([name, undefined])
    }
    // The analytics that are still cached are unchanged by it.
    for (const user of Object.values(users)) {
      const cached = await user.inject('GET', '/api/v1/analytics')
      await api.redis.del(analyticsKey(user.userId))
      const counted = await user.inject('GET', '/api/v1/analytics')
      expect(cached.json()).toEqual(counted.json())
    }
  })
})

test('a read that a change overtakes does not fill the cache', async () => {
  const user = await api.signUp()
  let reading: Promise<unknown> = Promise.resolve()
  await api.db.transaction().execute(async (trx) => {
    await sql`lock table reminders in access exclusive mode`.execute(trx)
    reading = readAnalytics(user)
    await eventually(async () => {
      const { rows } = await sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(api.db)
      expect(rows).toHaveLength(1)
    })
    expect(await api.redis.get(analyticsKey(user.userId))).toMatch(/^lease:/)
    await createTask(user)
  })
  await reading
  expect(await api.redis.get(analyticsKey(user.userId))).toBeNull()
  expect((await readAnalytics(user)).totalTasks).toBe(1)
  expect(await cachedOf(user)).toBeDefined()
})

test('cached analytics expire at the end of the user’s day', async () => {
  clock.set(new Date('2026-11-20T12:00:00.000Z'))
  // In that zone it is two minutes to midnight.
  const user = await api.signUp({ timezone: 'Pacific/Fiji' })
  clock.set(new Date('2026-11-20T11:58:00.000Z'))
  expect((await readAnalytics(user)).dailyData.at(-1)?.date).toBe('2026-11-20')
  const ttlMs = await api.redis.pttl(analyticsKey(user.userId))
  expect(ttlMs).toBeGreaterThan(0)
  expect(ttlMs).toBeLessThanOrEqual(120_000)
  clock.set(new Date('2026-11-20T12:00:00.000Z'))
  expect((await readAnalytics(user)).dailyData.at(-1)?.date).toBe('2026-11-21')
})

test('without Redis, analytics are read from Postgres', async () => {
  const own = await buildTestApp({ clock, config: { redis: parseRedisUrl('redis://127.0.0.1:1') } })
  const user = await own.signUp()
  for (const total of [1, 2]) {
    await createTask(user)
    expect((await readAnalytics(user)).totalTasks).toBe(total)
  }
  await own.close()
})
