import { dataOf, succeeded } from '../../../testing/succeeded.ts'
import type { TestApp, TestClient, TestUser } from '../../../testing/test-app.ts'
import type { Member, MemberRole } from '../../members/members.schema.ts'
import { login, registered } from '../../sign-in/testing/sign-in-fixtures.ts'

export const organizationUrl = '/api/v1/organization'
export const membersUrl = `${organizationUrl}/members`

export const readOrganization = async (user: TestClient) =>
  dataOf(await user.inject('GET', organizationUrl)).organization
export const changeOrganization = (user: TestClient, body: object) => user.inject('PATCH', organizationUrl, body)

export const listMembers = async (user: TestClient, query = ''): Promise<Member[]> =>
  dataOf(await user.inject('GET', `${membersUrl}${query}`)).members
export const changeMember = (user: TestClient, userId: string, body: object) =>
  user.inject('PATCH', `${membersUrl}/${userId}`, body)
export const removeMember = (user: TestClient, userId: string) => user.inject('DELETE', `${membersUrl}/${userId}`)

/** Signs up a further member of this user's organization. */
export const joining = (api: TestApp, { organizationId }: TestUser, role: MemberRole = 'client_user') =>
  api.signUp({ role, organizationId: organizationId as string })

/** Registers a further member with a password and signs them in. */
export async function joiningWithPassword(
  api: TestApp,
  { organizationId }: TestUser,
  role: MemberRole = 'client_user',
) {
  const { email, id } = await registered(api)
  await api.db.updateTable('users').set({ organization_id: organizationId, role }).where('id', '=', id).execute()
  const client = api.connect()
  succeeded(await login(client, email))
  return { ...client, email, userId: id }
}

export const rowOf = (api: TestApp, userId: string) =>
  api.db.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirstOrThrow()

/** Reads the audit events about this target, oldest first, except denied accesses. */
export const eventsOn = (api: TestApp, targetId: string) =>
  api.db
    .selectFrom('audit_pending')
    .selectAll()
    .where('target_id', '=', targetId)
    .where('action', '<>', 'access.denied')
    .orderBy('id')
    .execute()

type CreatedTask = { id: string; version: number }

export const createTask = async (user: TestClient, fields: object = {}): Promise<CreatedTask> => {
  const body = { title: 'Some task', dueDate: '2099-01-01T00:00:00.000Z', ...fields }
  return dataOf(await user.inject('POST', '/api/v1/tasks', body)).task
}
export const readTask = (user: TestClient, id: string) => user.inject('GET', `/api/v1/tasks/${id}`)

/** Creates a reminder an hour before the task is due. @returns its id */
export const createReminder = async (user: TestClient, taskId: string): Promise<string> =>
  dataOf(await user.inject('POST', '/api/v1/reminders', { taskId, offsetMinutes: 60 })).reminder.id
