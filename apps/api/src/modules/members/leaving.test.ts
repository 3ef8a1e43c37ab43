import { eventually } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import {
  changeMember,
  createReminder,
  createTask,
  eventsOn,
  joining,
  joiningWithPassword,
  listMembers,
  organizationUrl,
  readOrganization,
  readTask,
  removeMember,
  rowOf,
} from '../organizations/testing/organization-fixtures.ts'
import { codeOf, login } from '../sign-in/testing/sign-in-fixtures.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const signedInAs = async (person: TestUser) => (await person.inject('GET', '/api/v1/users/me')).json().data.user

describe('a removed member', () => {
  test('has a personal organization, also in their open session', async () => {
    const admin = await api.signUp()
    const user = await joining(api, admin)
    expect((await removeMember(admin, user.userId)).statusCode).toBe(200)
    expect((await listMembers(admin)).map(({ id }) => id)).toEqual([admin.userId])
    const own = await rowOf(api, user.userId)
    expect(own).toMatchObject({ role: 'client_admin', is_active: true })
    expect(own.organization_id).not.toBe(admin.organizationId)
    expect(await signedInAs(user)).toMatchObject({ role: 'client_admin', organizationId: own.organization_id })
    await eventually(async () =>
      expect(await readOrganization(user)).toMatchObject({ id: own.organization_id, name: own.name }),
    )
    expect(await eventsOn(api, user.userId)).toMatchObject([
      {
        action: 'organization.member_removed',
        actor_id: admin.userId,
        before: { organizationId: admin.organizationId, role: 'client_user' },
        after: { organizationId: own.organization_id, role: 'client_admin' },
      },
    ])
    expect((await removeMember(admin, user.userId)).statusCode).toBe(404)
  })

  test('keeps their tasks with files and reminders, which are not visible to the organization any more', async () => {
    const admin = await api.signUp()
    const [user, colleague] = [await joining(api, admin), await joining(api, admin)]
    const task = await createTask(user, { assigneeId: colleague.userId })
    const own = await createTask(user, { assigneeId: user.userId })
    const ownReminder = await createReminder(user, task.id)
    const [adminsReminder, colleaguesReminder] = [
      await createReminder(admin, task.id),
      await createReminder(colleague, task.id),
    ]
    const file = await api.db
      .insertInto('attachments')
      .values({ ...someFile, task_id: task.id, organization_id: admin.organizationId })
      .returning('id')
      .executeTakeFirstOrThrow()

    await removeMember(admin, user.userId)
    const { organization_id } = await rowOf(api, user.userId)
    for (const person of [admin, colleague]) expect((await readTask(person, task.id)).statusCode).toBe(404)
    const kept = (await readTask(user, task.id)).json().data.task
    expect(kept).toMatchObject({ organizationId: organization_id, assigneeId: null, version: task.version + 1 })
    expect((await readTask(user, own.id)).json().data.task).toMatchObject({ assigneeId: user.userId })
    const files = api.db.selectFrom('attachments').select('organization_id').where('id', '=', file.id)
    expect(await files.executeTakeFirst()).toEqual({ organization_id })
    const reminders = await api.db
      .selectFrom('reminders')
      .select(['id', 'status'])
      .where('task_id', '=', task.id)
      .execute()
    expect(new Map(reminders.map(({ id, status }) => [id, status]))).toEqual(
      new Map([
        [ownReminder, 'pending'],
        [adminsReminder, 'cancelled'],
        [colleaguesReminder, 'cancelled'],
      ]),
    )
  })

  test('is unassigned from tasks of others, which are invisible at once even with an older token', async () => {
    const admin = await api.signUp()
    const user = await joining(api, admin)
    const task = await createTask(admin, { assigneeId: user.userId })
    const reminder = await createReminder(user, task.id)
    expect((await readTask(user, task.id)).statusCode).toBe(200)
    await removeMember(admin, user.userId)
    expect((await readTask(user, task.id)).statusCode).toBe(404)
    expect((await readTask(admin, task.id)).json().data.task).toMatchObject({ assigneeId: null, version: 2 })
    const { status } = await api.db
      .selectFrom('reminders')
      .select('status')
      .where('id', '=', reminder)
      .executeTakeFirstOrThrow()
    expect(status).toBe('cancelled')
  })

  test('does not see a task of the organization that was assigned to them during the removal', async () => {
    const admin = await api.signUp()
    const user = await joining(api, admin)
    const task = await createTask(admin)
    await removeMember(admin, user.userId)
    await api.db.updateTable('tasks').set({ assignee_id: user.userId }).where('id', '=', task.id).execute()
    await eventually(async () => expect((await readTask(user, task.id)).statusCode).toBe(404))
    await eventually(async () => {
      const list = (await user.inject('GET', '/api/v1/tasks')).json()
      expect([list.data.tasks, list.pagination.total]).toEqual([[], 0])
    })
  })

  test('can sign in if the organization had deactivated them, not if the platform had', async () => {
    const admin = await api.signUp()
    const user = await joiningWithPassword(api, admin)
    await changeMember(admin, user.userId, { isActive: false })
    await removeMember(admin, user.userId)
    expect((await login(api.connect(), user.email)).statusCode).toBe(200)

    const other = await joiningWithPassword(api, admin)
    const byPlatform = { is_active: false, deactivated_by: 'platform' }
    await api.db.updateTable('users').set(byPlatform).where('id', '=', other.userId).execute()
    expect((await removeMember(admin, other.userId)).statusCode).toBe(200)
    expect(codeOf(await login(api.connect(), other.email))).toBe('ACCOUNT_INACTIVE')
  })

  test('can be removed only by a client_admin of their organization', async () => {
    const admin = await api.signUp()
    const [user, colleague] = [await joining(api, admin), await joining(api, admin)]
    expect((await removeMember(await api.signUp(), user.userId)).statusCode).toBe(404)
    expect((await removeMember(colleague, user.userId)).statusCode).toBe(403)
    expect((await removeMember(await api.signUp({ role: 'super_admin' }), user.userId)).statusCode).toBe(403)
    expect((await rowOf(api, user.userId)).organization_id).toBe(admin.organizationId)
  })

  test('is removed once by twenty requests at once', async () => {
    const admin = await api.signUp()
    const user = await joining(api, admin)
    const answers = await Promise.all(Array.from({ length: 20 }, () => removeMember(admin, user.userId)))
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, ...Array(19).fill(404)])
    expect(await eventsOn(api, user.userId)).toHaveLength(1)
  })
})

describe('leaving', () => {
  test('is allowed except for the last client_admin and the only member', async () => {
    const admin = await api.signUp()
    expect(codeOf(await removeMember(admin, admin.userId))).toBe('LAST_ADMIN')
    const [user, deputy] = [await joining(api, admin), await joining(api, admin, 'client_admin')]
    expect((await removeMember(user, user.userId)).statusCode).toBe(200)
    expect((await removeMember(admin, admin.userId)).statusCode).toBe(200)
    expect(codeOf(await removeMember(deputy, deputy.userId))).toBe('LAST_ADMIN')
    expect((await eventsOn(api, admin.userId)).map(({ action }) => action)).toEqual(['organization.member_left'])
    await joining(api, deputy)
    const refused = await removeMember(deputy, deputy.userId)
    expect([refused.statusCode, codeOf(refused)]).toEqual([409, 'LAST_ADMIN'])
  })

  test('is refused to the last active client_admin, also beside a deactivated or leaving one', async () => {
    const admin = await api.signUp()
    const deputy = await joining(api, admin, 'client_admin')
    for (const [gone, back] of [
      [{ is_active: false }, { is_active: true }],
      [{ deletion_requested_at: new Date() }, { deletion_requested_at: null }],
    ] as const) {
      await api.db.updateTable('users').set(gone).where('id', '=', deputy.userId).execute()
      expect(codeOf(await removeMember(admin, admin.userId))).toBe('LAST_ADMIN')
      await api.db.updateTable('users').set(back).where('id', '=', deputy.userId).execute()
    }
    expect((await removeMember(admin, admin.userId)).statusCode).toBe(200)
  })
})

describe('an organization with members keeps a client_admin', () => {
  const admins = async (of: TestUser) =>
    (
      await api.db
        .selectFrom('users')
        .select('id')
        .where('organization_id', '=', of.organizationId)
        .where('role', '=', 'client_admin')
        .where('is_active', '=', true)
        .execute()
    ).length

  test('when two client_admins demote each other at once', async () => {
    for (let round = 0; round < 20; round++) {
      const one = await api.signUp()
      const other = await joining(api, one, 'client_admin')
      const answers = await Promise.all([
        changeMember(one, other.userId, { role: 'client_user' }),
        changeMember(other, one.userId, { role: 'client_user' }),
      ])
      expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 403])
      expect(await admins(one)).toBe(1)
    }
  })

  test('when all client_admins leave at once', async () => {
    for (let round = 0; round < 5; round++) {
      const first = await api.signUp()
      await joining(api, first)
      const all = [first]
      for (let count = 1; count < 6; count++) all.push(await joining(api, first, 'client_admin'))
      const answers = await Promise.all(all.map((admin) => removeMember(admin, admin.userId)))
      expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 200, 200, 200, 409])
      expect(await admins(first)).toBe(1)
    }
  })

  test('when six client_admins demote, deactivate and remove each other at once, without a 500', async () => {
    for (let round = 0; round < 10; round++) {
      const first = await api.signUp()
      await joining(api, first)
      const all = [first]
      for (let count = 1; count < 6; count++) all.push(await joining(api, first, 'client_admin'))
      const after = (index: number, by: number) => (all[(index + by) % all.length] as TestUser).userId
      const answers = await Promise.all(
        all.flatMap((admin, index) => [
          changeMember(admin, after(index, 1), { role: 'client_user' }),
          changeMember(admin, after(index, 2), { isActive: false }),
          removeMember(admin, after(index, 3)),
          removeMember(admin, admin.userId),
          admin.inject('PATCH', organizationUrl, { name: `By ${index}` }),
        ]),
      )
      for (const { statusCode } of answers) expect([200, 401, 403, 404, 409]).toContain(statusCode)
      expect(await admins(first)).toBeGreaterThan(0)
    }
  })
})

const someFile = {
  id: crypto.randomUUID(),
  filename: 'notes.txt',
  content_type: 'text/plain',
  kind: 'document',
  status: 'ready',
  size_bytes: 1,
  original_size_bytes: 1,
  storage_key: 'notes',
}
