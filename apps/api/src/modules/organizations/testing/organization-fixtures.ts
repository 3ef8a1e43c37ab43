import type { TestApp, TestClient, TestPerson } from '../../../testing/api.ts'
import { dataOf, succeeded } from '../../../testing/succeeded.ts'
import type { Member, MemberRole } from '../../members/members.schema.ts'
import { login, registered } from '../../sign-in/testing/sign-in-fixtures.ts'

export const organizationUrl = '/api/v1/organization'
export const membersUrl = `${organizationUrl}/members`

export const readOrganization = async (person: TestClient) =>
  dataOf(await person.inject('GET', organizationUrl)).organization
export const changeOrganization = (person: TestClient, body: object) => person.inject('PATCH', organizationUrl, body)

export const listMembers = async (person: TestClient, query = ''): Promise<Member[]> =>
  dataOf(await person.inject('GET', `${membersUrl}${query}`)).members
export const changeMember = (person: TestClient, userId: string, body: object) =>
  person.inject('PATCH', `${membersUrl}/${userId}`, body)
export const removeMember = (person: TestClient, userId: string) => person.inject('DELETE', `${membersUrl}/${userId}`)

/** A further member of this person's organization, signed in. */
export const joining = (api: TestApp, { organizationId }: TestPerson, role: MemberRole = 'client_user') =>
  api.signUp({ role, organizationId: organizationId as string })

/** A further member who has a password, signed in. */
export async function joiningWithPassword(
  api: TestApp,
  { organizationId }: TestPerson,
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

/** What was recorded of changes of this target, oldest first. */
export const eventsOn = (api: TestApp, targetId: string) =>
  api.db
    .selectFrom('audit_pending')
    .selectAll()
    .where('target_id', '=', targetId)
    .where('action', '<>', 'access.denied')
    .orderBy('id')
    .execute()

type MadeTask = { id: string; version: number }

export const createTask = async (person: TestClient, fields: object = {}): Promise<MadeTask> => {
  const body = { title: 'To be kept', dueDate: '2099-01-01T00:00:00.000Z', ...fields }
  return dataOf(await person.inject('POST', '/api/v1/tasks', body)).task
}
export const readTask = (person: TestClient, id: string) => person.inject('GET', `/api/v1/tasks/${id}`)

/** @returns the id of a reminder of this person's */
export const createReminder = async (person: TestClient, taskId: string): Promise<string> =>
  dataOf(await person.inject('POST', '/api/v1/reminders', { taskId, offsetMinutes: 60 })).reminder.id
