import { mailToken } from '@muster/mail'
import type { Role } from '@muster/policy'
import type { ManualClock } from '@muster/testing'
import { sql } from 'kysely'
import { dataOf } from '../../../testing/succeeded.ts'
import type { TestApp, TestClient, TestUser } from '../../../testing/test-app.ts'
import { mailsTo, newUser, password } from '../../sign-in/testing/sign-in-fixtures.ts'

export const weekMs = 7 * 86_400_000

/** Returns an unused address. */
export const newEmail = () => newUser().email

/** Builds the body of an invitation; a client_admin's has the name of the organization to create. */
export const inviteOf = (role: Role, email = newEmail()) => ({
  email,
  role,
  ...(role === 'client_admin' && { organizationName: 'Analytical Engines' }),
})

type Headers = Record<string, string>

export const send = (client: TestClient, body: object, headers?: Headers) =>
  client.inject('POST', '/api/v1/invites', body, headers)
export const resend = (client: TestClient, id: string) => client.inject('POST', `/api/v1/invites/${id}/resend`)
export const revoke = (client: TestClient, id: string) => client.inject('DELETE', `/api/v1/invites/${id}`)
export const list = async (client: TestClient, query = '') =>
  (await client.inject('GET', `/api/v1/invites${query}`)).json()
export const details = (client: TestClient, token: string) => client.inject('GET', `/api/v1/invites/details/${token}`)
export const accept = (client: TestClient, body: object) => client.inject('POST', '/api/v1/invites/accept', body)

/** Builds the body by which a newcomer accepts. */
export function newAccount(token: string) {
  const { username, name } = newUser()
  return { token, username, name, password }
}

/** Derives the token of the latest invitation mailed to the address. */
export async function mailedToken(api: TestApp, email: string): Promise<string> {
  const mail = (await mailsTo(api, email)).findLast(({ template }) => template === 'invite')
  return tokenOf(api, mail?.id as string)
}

export const tokenOf = (api: TestApp, emailId: string) =>
  mailToken(api.deps.config.keys.mailCode, { template: 'invite', emailId })

/** Sends an invitation. @returns its id, its address and the token of its link */
export async function invited(api: TestApp, inviter: TestClient, role: Role, email = newEmail()) {
  const answer = await send(inviter, inviteOf(role, email))
  return { id: dataOf(answer).invite.id as string, email, token: await mailedToken(api, email) }
}

/** Creates a user by an invitation of this inviter. */
export async function arrived(api: TestApp, inviter: TestClient, role: Role) {
  const { token, email } = await invited(api, inviter, role)
  const client = api.connect()
  const answer = await accept(client, newAccount(token))
  return { client, email, user: dataOf(answer).user }
}

export const rowOf = (api: TestApp, id: string) =>
  api.db.selectFrom('invites').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
export const setUser = (api: TestApp, id: string, changes: object) =>
  api.db.updateTable('users').set(changes).where('id', '=', id).execute()

/** Lists a user's notifications about invitations, the oldest first. */
export const noticesOf = (api: TestApp, userId: string) =>
  api.db
    .selectFrom('notifications')
    .selectAll()
    .where('user_id', '=', userId)
    .where('type', '=', 'invite')
    .orderBy('id')
    .execute()

/** Advances the clock without letting any session expire. */
export async function letTimePass(api: TestApp, clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms)
  const expires_at = new Date(clock.now().getTime() + weekMs)
  await api.db.updateTable('sessions').set({ expires_at }).execute()
}

/** Throws unless a statement waits for a row lock. */
export async function waitsForLock(api: TestApp): Promise<void> {
  const { rows } = await sql`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(api.db)
  if (rows.length === 0) throw new Error('No statement waits for a lock.')
}

/** Lists the audit events about an invitation, the oldest first. */
export const eventsOf = async (api: TestApp, inviteId: string) =>
  (
    await api.db
      .selectFrom('audit_pending')
      .selectAll()
      .where('target_id', '=', inviteId)
      .where('action', '<>', 'access.denied')
      .orderBy('id')
      .execute()
  ).map(({ action }) => action)

/** Gives the user this e-mail. */
export async function withEmail(api: TestApp, person: TestUser, email: string): Promise<TestUser> {
  await setUser(api, person.userId, { email })
  return { ...person, email }
}
