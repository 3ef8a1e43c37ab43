import { mailCode, mailToken } from '@muster/mail'
import { dataOf, succeeded } from '../../../testing/succeeded.ts'
import type { TestApp, TestClient } from '../../../testing/test-app.ts'

export const password = 'Str0ng-Enough'

let users = 0

export type NewUser = ReturnType<typeof newUser>
/** Builds the body of a registration, with a unique username and e-mail. */
export const newUser = () => {
  const username = `person_${++users}`
  return { username, name: 'Some User', email: `${username}@example.test`, password }
}

type Headers = Record<string, string>

export const register = (client: TestClient, body: object) => client.inject('POST', '/api/v1/auth/register', body)
export const verify = (client: TestClient, email: string, otp: string) =>
  client.inject('POST', '/api/v1/auth/register/verify', { email, otp })
export const login = (client: TestClient, email: string, given = password, headers?: Headers) =>
  client.inject('POST', '/api/v1/auth/login', { email, password: given }, headers)

export const codeOf = (answer: { json(): { error: { code: string } } }) => answer.json().error.code

/** Lists all mails to an address, the oldest first. */
export const mailsTo = (api: TestApp, email: string) =>
  api.db.selectFrom('email_messages').selectAll().where('to_address', '=', email).orderBy('id').execute()

/** Lists the templates of all mails to an address, the oldest first. */
export const templatesTo = async (api: TestApp, email: string) =>
  (await mailsTo(api, email)).map(({ template }) => template)

/** Derives the registration code of the latest mail to the address, as the email worker does. */
export async function mailedCode(api: TestApp, email: string): Promise<string> {
  const emailId = (await mailsTo(api, email)).at(-1)?.id
  if (!emailId) throw new Error(`No mail was sent to ${email}.`)
  return mailCode(api.deps.config.keys.mailCode, { template: 'register-code', emailId })
}

/** Derives the token of the latest reset link that was mailed to the address. */
export async function mailedResetToken(api: TestApp, email: string): Promise<string> {
  const mail = (await mailsTo(api, email)).findLast(({ template }) => template === 'password-reset')
  if (!mail) throw new Error(`No link for a new password was mailed to ${email}.`)
  return mailToken(api.deps.config.keys.mailCode, { template: 'password-reset', emailId: mail.id })
}

/** Registers a user, who is signed in with `client`. */
export async function registered(api: TestApp, user = newUser()) {
  const client = api.connect()
  succeeded(await register(client, user))
  const answer = await verify(client, user.email, await mailedCode(api, user.email))
  return { ...user, client, id: dataOf(answer).user.id as string }
}

/** Lists the audit events of a user or about them, the oldest first, without denied accesses, which follow the responses. */
export const auditOf = (api: TestApp, userId: string) =>
  api.db
    .selectFrom('audit_pending')
    .selectAll()
    .where((eb) => eb.or([eb('target_id', '=', userId), eb('actor_id', '=', userId)]))
    .where('action', '<>', 'access.denied')
    .orderBy('id')
    .execute()
