import { createTestDatabase, manualClock, touchedBlocks } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { attachTo } from '../attachments/testing/upload-fixtures.ts'
import { fillLog, logPendingEvents } from '../audit/testing/audit-fixtures.ts'
import { removeMember } from '../organizations/testing/organization-fixtures.ts'
import { activityPage } from './task-activity.queries.ts'
import { createTask, signUpColleague, tasksUrl } from './testing/tasks-fixtures.ts'

let api: TestApp
let admin: TestUser
let colleague: TestUser

beforeAll(async () => {
  api = await buildTestApp({ clock: manualClock(new Date('2026-11-20T12:00:00.000Z')) })
  await api.listen()
  admin = await api.signUp()
  colleague = await signUpColleague(api, admin)
  await rename(admin, 'Ann Admin')
  await rename(colleague, 'Bob Colleague')
})
afterAll(() => api.close())

const rename = ({ userId }: TestUser, name: string) =>
  api.db.updateTable('users').set({ name }).where('id', '=', userId).execute()
const change = async (user: TestUser, id: string, patch: object) =>
  dataOf(await user.inject('PATCH', `${tasksUrl}/${id}`, patch))
const ask = (user: TestUser, id: string, query = '') => user.inject('GET', `${tasksUrl}/${id}/activity${query}`)
async function activityOf(user: TestUser, id: string) {
  await logPendingEvents(api)
  return dataOf(await ask(user, id)).activity
}

test('the activity tells who created, assigned, completed and reopened a task, and added its files', async () => {
  const { id } = await createTask(admin, { title: 'Paint the bench' })
  await change(admin, id, { assigneeId: colleague.userId, priority: 'high' })
  await change(colleague, id, { status: 'completed' })
  await change(admin, id, { status: 'todo', title: 'Paint the old bench' })
  await attachTo({ user: colleague, task: id }, 'notes.txt', 'two coats')
  expect(await activityOf(colleague, id)).toMatchObject([
    { event: 'fileAdded', actor: { name: 'Bob Colleague' }, filename: 'notes.txt', changes: [] },
    {
      event: 'reopened',
      actor: { name: 'Ann Admin' },
      changes: [{ field: 'status', before: 'completed', after: 'todo' }, { field: 'title' }],
    },
    {
      event: 'completed',
      actor: { id: colleague.userId },
      filename: null,
      changes: [{ field: 'status', before: 'todo', after: 'completed' }],
    },
    {
      event: 'changed',
      actor: { id: admin.userId, name: 'Ann Admin' },
      changes: [
        { field: 'priority', before: 'medium', after: 'high' },
        { field: 'assignee', before: null, after: 'Bob Colleague' },
      ],
    },
    { event: 'created', actor: { name: 'Ann Admin' }, changes: [] },
  ])
})

test('the texts that once stood in a task are not told', async () => {
  const { id } = await createTask(admin, { title: 'The secret surprise', description: 'A cake', category: 'Party' })
  await change(admin, id, { title: 'Shopping', description: null, category: null, assigneeId: colleague.userId })
  const [changed, created] = await activityOf(colleague, id)
  expect(changed.changes.map(({ field }: { field: string }) => field).sort()).toEqual([
    'assignee',
    'category',
    'description',
    'title',
  ])
  expect(JSON.stringify([changed, created])).not.toMatch(/secret|cake|Party/)
})

test('users of an organization that the task has left are not named', async () => {
  const [boss, newBoss] = [await api.signUp(), await api.signUp()]
  const [owner, helper] = [await signUpColleague(api, boss), await signUpColleague(api, boss)]
  await rename(helper, 'Hidden Helper')
  const { id } = await createTask(owner, { assigneeId: helper.userId })
  await change(helper, id, { status: 'in-progress' })
  expect((await removeMember(boss, owner.userId)).statusCode).toBe(200)
  const { organizationId } = newBoss
  await api.db.updateTable('tasks').set({ organization_id: organizationId }).where('id', '=', id).execute()
  const activity = await activityOf(newBoss, id)
  expect(JSON.stringify(activity)).not.toContain('Hidden')
  expect(activity).toMatchObject([
    { event: 'changed', actor: null },
    { event: 'created', actor: { id: owner.userId } },
  ])
  await change(newBoss, id, { priority: 'high' })
  expect((await activityOf(newBoss, id))[0]).toMatchObject({ actor: { id: newBoss.userId } })
})

test('refused accesses are no activity, and strangers see none', async () => {
  const { id } = await createTask(admin)
  const stranger = await api.signUp()
  const answer = await ask(stranger, id)
  expect([answer.statusCode, answer.json().error.code]).toEqual([404, 'NOT_FOUND'])
  expect(await activityOf(admin, id)).toHaveLength(1)
})

test('pages have each event once', async () => {
  const { id } = await createTask(admin)
  for (const title of ['One bench', 'Two benches', 'Three benches', 'Four benches']) await change(admin, id, { title })
  const all = await activityOf(admin, id)
  expect(all).toHaveLength(5)
  const seen: unknown[] = []
  for (let cursor = ''; ; ) {
    const page = (await ask(admin, id, `?limit=2${cursor}`)).json()
    seen.push(...page.data.activity)
    if (page.pagination.nextCursor === null) break
    cursor = `&cursor=${page.pagination.nextCursor}`
  }
  expect(seen).toEqual(all)
})

test('a page reads as few blocks of a long log, by the index of targets', async () => {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const taskId = '01890000-0000-7000-8000-000000000001'
  await fillLog(database.db, 50_000, {
    action: sql`'task.updated'`,
    targetType: sql`'task'`,
    targetId: sql`case when n % 20 = 0 then ${taskId} else n::text end`,
    after: sql`'{"title": "Paint the bench"}'::jsonb`,
  })
  const page = activityPage({ taskId, fileIds: [], after: undefined, count: 51 })
  // 51 events with a lookup each, in the newest of three months.
  expect(await touchedBlocks(database.db, page)).toBeLessThan(600)
}, 60_000)
