import { newId } from '@muster/db'
import { mailToken, optOutToken, templates } from '@muster/mail'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as things from '../../guarantees/testing/fixtures.ts'
import { picture } from '../../http/uploads/testing/sample-files.ts'
import { buildTestApp, type TestApp, type TestClient, type TestUser } from '../../testing/test-app.ts'
import { formOf } from '../attachments/testing/upload-fixtures.ts'
import { createReminder, createTask, joining } from '../organizations/testing/organization-fixtures.ts'
import * as auth from '../sign-in/testing/sign-in-fixtures.ts'
import * as factor from '../two-factor/testing/two-factor-fixtures.ts'

let clock: ManualClock
let api: TestApp
let admin: TestUser

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
  admin = await api.signUp({ role: 'super_admin' })
})
afterAll(() => api.close())

/** A prepared request. `params` are the values of the route's parameters, in order. */
type Call = { as: TestClient; params?: string[]; query?: string; body?: unknown; headers?: Record<string, string> }

const { password } = auth
const later = () => new Date(clock.now().getTime() + 86_400_000).toISOString()

const multipart = async (field: string, name: string, bytes: Buffer | string) => {
  const form = new Response(formOf({ [name]: bytes }, field))
  return {
    body: Buffer.from(await form.arrayBuffer()),
    headers: { 'content-type': form.headers.get('content-type') ?? '' },
  }
}
const withTask = async (as?: TestUser) => {
  const owner = as ?? (await api.signUp())
  return { owner, task: (await createTask(owner)).id }
}
const withReminder = async () => {
  const { owner, task } = await withTask()
  return { as: owner, params: [await createReminder(owner, task)] }
}
const attachTo = async () => {
  const { owner, task } = await withTask()
  return { as: owner, params: [task], ...(await multipart('files', 'notes.txt', 'Some text')) }
}
const withAttachment = async () => {
  const { as, params, body, headers } = await attachTo()
  const answer = await as.inject('POST', `/api/v1/tasks/${params[0]}/attachments`, body, headers)
  return { as, params: [answer.json().data.attachments[0].id as string] }
}
/** Signs up two users and sends a friend request. @returns the addressee and the id of the request */
const asked = async () => {
  const [requester, as] = [await api.signUp(), await api.signUp()]
  const answer = await requester.inject('POST', '/api/v1/friends/requests', { userId: as.userId })
  return { as, requester, params: [answer.json().data.request.id as string] }
}
const twoUsers = async () => {
  const [as, other] = [await api.signUp(), await api.signUp()]
  return { as, other, params: [other.userId] }
}
const withMember = async () => {
  const as = await api.signUp()
  return { as, params: [(await joining(api, as)).userId] }
}
const withGroup = async () => {
  const as = await api.signUp()
  const member = await joining(api, as)
  const group = { type: 'group', name: 'Garden', memberIds: [member.userId] }
  const chatId = (await as.inject('POST', '/api/v1/chats', group)).json().data.chat.id as string
  return { as, member, params: [chatId] }
}
const withGroupMember = async () => {
  const { as, member, params } = await withGroup()
  return { as, params: [...params, member.userId] }
}
const onUser = async () => ({ as: admin, params: [(await api.signUp()).userId] })
const invitation = async () => {
  const email = `invited-${newId()}@example.test`
  const answer = await admin.inject('POST', '/api/v1/invites', { email, role: 'operator' })
  const { id } = answer.json().data.invite
  const mail = (await auth.mailsTo(api, email)).at(-1)
  const token = mailToken(api.deps.config.keys.mailCode, { template: 'invite', emailId: mail?.id as string })
  return { as: admin, params: [id as string], token }
}
const failedJob = async () => {
  const id = newId()
  const payload = JSON.stringify({ emailId: newId() })
  const row = {
    id,
    queue: 'email',
    name: 'send-email',
    payload,
    published_at: new Date(),
    failed_at: new Date(),
    error: 'x',
  }
  await api.db.insertInto('outbox').values(row).execute()
  return { as: admin, params: ['email', id] }
}
const sentMail = async () => {
  const id = newId()
  const data = JSON.stringify({ name: 'Somebody' })
  const row = { id, template: 'welcome', to_address: 'someone@example.test', data, status: 'sent', sent_at: new Date() }
  await api.db.insertInto('email_messages').values(row).execute()
  return { as: admin, params: [id] }
}
const onlySelf = async () => ({ as: (await auth.registered(api)).client })
const withPassword = async (body: object) => ({ ...(await onlySelf()), body })

/** A call for each route with effects that makes them happen. */
const changes: Record<string, () => Promise<Call>> = {
  'post /auth/register/verify': async () => {
    const [as, user] = [api.connect(), auth.newUser()]
    await auth.register(as, user)
    return { as, body: { email: user.email, otp: await auth.mailedCode(api, user.email) } }
  },
  'post /auth/login': async () => {
    const { email } = await auth.registered(api)
    return { as: api.connect(), body: { email, password } }
  },
  'post /auth/two-factor/verify': async () => {
    const user = await factor.withTotp(api, clock)
    const challengeToken = await factor.challenged(api, user.email)
    return { as: api.connect(), body: { challengeToken, code: user.app.code() } }
  },
  'post /auth/logout': onlySelf,
  'post /auth/logout-all': onlySelf,
  'delete /auth/sessions/{id}': async () => {
    const as = await api.signUp()
    return { as, params: [as.sessionId] }
  },
  'post /auth/forgot-password': async () => ({
    as: api.connect(),
    body: { email: (await auth.registered(api)).email },
  }),
  'post /auth/reset-password': async () => {
    const { email } = await auth.registered(api)
    await api.connect().inject('POST', '/api/v1/auth/forgot-password', { email })
    return { as: api.connect(), body: { token: await auth.mailedResetToken(api, email), password: 'An0ther-Good-One' } }
  },
  'post /auth/change-password': () => withPassword({ currentPassword: password, newPassword: 'An0ther-Good-One' }),
  'post /auth/two-factor/totp/confirm': async () => {
    const { client: as } = await auth.registered(api)
    const { secret } = (await factor.setUpTotp(as)).json().data
    return { as, body: { code: factor.appOf(secret, clock).code() } }
  },
  'post /auth/two-factor/otp/confirm': async () => {
    const { client: as, email } = await auth.registered(api)
    await factor.enableOtp(as)
    return { as, body: { code: await factor.loginCode(api, email) } }
  },
  'post /auth/two-factor/recovery-codes': async () => {
    const { client: as } = await factor.withTotp(api, clock)
    return { as, body: { password } }
  },
  'post /auth/two-factor/disable': async () => {
    const { client: as, app } = await factor.withTotp(api, clock)
    return { as, body: { password, code: app.code() } }
  },
  'delete /auth/google': async () => {
    const { client: as, id } = await auth.registered(api)
    await api.db.updateTable('users').set({ google_id: newId() }).where('id', '=', id).execute()
    return { as }
  },

  'patch /users/me': () => withPassword({ name: 'Another Name' }),
  'delete /users/me': () => withPassword({ password }),
  'put /users/me/preferences': () => withPassword({ morningDigest: false }),
  'post /unsubscribe': async () => {
    const { optOut } = templates['morning-digest']
    const token = optOutToken(api.deps.config.keys.mailCode, optOut, (await auth.registered(api)).id)
    return { as: api.connect(), query: `?token=${token}` }
  },
  'put /users/me/avatar': async () => ({
    ...(await onlySelf()),
    ...(await multipart('file', 'me.png', await picture('png'))),
  }),
  'delete /users/me/avatar': async () => {
    const { as } = await onlySelf()
    const { body, headers } = await multipart('file', 'me.png', await picture('png'))
    await as.inject('PUT', '/api/v1/users/me/avatar', body, headers)
    return { as }
  },
  'post /friends/requests': async () => {
    const { as, other } = await twoUsers()
    return { as, body: { userId: other.userId } }
  },
  'post /friends/requests/{id}/accept': asked,
  'post /friends/requests/{id}/decline': asked,
  'delete /friends/{userId}': async () => {
    const { as, requester } = await asked()
    return { as: requester, params: [as.userId] }
  },
  'post /friends/{userId}/block': twoUsers,
  'delete /friends/{userId}/block': async () => {
    const { as, params } = await twoUsers()
    await as.inject('POST', `/api/v1/friends/${params[0]}/block`)
    return { as, params }
  },

  'post /tasks': async () => ({ as: await api.signUp(), body: { title: 'A task', dueDate: later() } }),
  'patch /tasks/{id}': async () => {
    const { owner: as, task } = await withTask()
    return { as, params: [task], body: { status: 'completed' } }
  },
  'delete /tasks/{id}': async () => {
    const { owner: as, task } = await withTask()
    return { as, params: [task] }
  },
  'post /tasks/{id}/attachments': attachTo,
  'delete /attachments/{id}': withAttachment,
  'post /reminders': async () => {
    const { owner: as, task } = await withTask()
    return { as, body: { taskId: task, offsetMinutes: 5 } }
  },
  'patch /reminders/{id}': async () => ({ ...(await withReminder()), body: { status: 'cancelled' } }),
  'delete /reminders/{id}': withReminder,

  'post /chats': async () => ({
    as: await api.signUp(),
    body: { type: 'group', name: 'Garden', memberIds: [] },
  }),
  'delete /chats/{id}/messages/{messageId}': async () => {
    const as = await api.signUp()
    const member = await joining(api, as)
    const group = { type: 'group', name: 'Garden', memberIds: [member.userId] }
    const chatId = (await as.inject('POST', '/api/v1/chats', group)).json().data.chat.id
    const message = { clientId: newId(), body: 'Something rude' }
    const sent = await member.inject('POST', `/api/v1/chats/${chatId}/messages`, message)
    return { as, params: [chatId, sent.json().data.message.id] }
  },

  'patch /chats/{id}': async () => ({ ...(await withGroup()), body: { name: 'Orchard' } }),
  'put /chats/{id}/avatar': async () => ({
    ...(await withGroup()),
    ...(await multipart('file', 'us.png', await picture('png'))),
  }),
  'delete /chats/{id}/avatar': async () => {
    const as = await api.signUp()
    const { id = '' } = await things.chatWithAvatar(api, as)
    return { as, params: [id] }
  },
  'post /chats/{id}/members': async () => {
    const { as, params, member } = await withGroup()
    await as.inject('DELETE', `/api/v1/chats/${params[0]}/members/${member.userId}`)
    return { as, params, body: { userIds: [member.userId] } }
  },
  'patch /chats/{id}/members/{userId}': async () => ({ ...(await withGroupMember()), body: { role: 'admin' } }),
  'delete /chats/{id}/members/{userId}': withGroupMember,
  'post /chats/{id}/messages/{messageId}/report': async () => {
    const as = await api.signUp()
    const { id = '', messageId = '' } = await things.foreignMessage(api, as)
    return { as, params: [id, messageId], body: { reason: 'It is rude.' } }
  },
  'post /chats/{id}/leave': async () => {
    const { member: as, params } = await withGroup()
    return { as, params }
  },
  'post /chats/{id}/media': async () => ({
    ...(await withGroup()),
    ...(await multipart('files', 'notes.txt', 'Some text')),
  }),
  'delete /chats/{id}/media/{attachmentId}': async () => {
    const as = await api.signUp()
    const { id = '', attachmentId = '' } = await things.chatFile(api, as)
    return { as, params: [id, attachmentId] }
  },

  'patch /organization': async () => ({ as: await api.signUp(), body: { name: 'Another name' } }),
  'patch /organization/members/{userId}': async () => ({ ...(await withMember()), body: { role: 'client_admin' } }),
  'delete /organization/members/{userId}': withMember,
  'post /invites': async () => ({ as: admin, body: { email: `new-${newId()}@example.test`, role: 'operator' } }),
  'post /invites/{id}/resend': invitation,
  'delete /invites/{id}': invitation,
  'post /invites/accept': async () => {
    const { token } = await invitation()
    const { name, username } = auth.newUser()
    return { as: api.connect(), body: { token, name, username, password } }
  },

  'patch /admin/users/{id}': async () => ({ ...(await onUser()), body: { isActive: false } }),
  'post /admin/users/{id}/revoke-sessions': onUser,
  'delete /admin/users/{id}/sessions/{sessionId}': async () => {
    const { userId, sessionId } = await api.signUp()
    return { as: admin, params: [userId, sessionId] }
  },
  'post /admin/users/{id}/password-link': onUser,
  'delete /admin/users/{id}/cache': onUser,
  'post /admin/queues/{name}/failed/{jobId}/retry': failedJob,
  'delete /admin/queues/{name}/failed/{jobId}': failedJob,
  'post /admin/queues/{name}/failed/retry': async () => ({
    ...(await failedJob()),
    params: ['email'],
    body: { note: 'The mail server is back' },
  }),
  'post /admin/queues/{name}/failed/discard': async () => ({
    ...(await failedJob()),
    params: ['email'],
    body: { note: 'The mail server is back' },
  }),
  'post /admin/queues/{name}/pause': async () => ({ as: admin, params: ['audit'], body: { note: 'Maintenance' } }),
  'post /admin/queues/{name}/resume': async () => {
    await admin.inject('POST', '/api/v1/admin/queues/image/pause', { note: 'Maintenance' })
    return { as: admin, params: ['image'], body: { note: 'Done' } }
  },
  'post /admin/doctor': async () => ({ as: admin }),
  'post /admin/emails/{id}/resend': sentMail,
  'delete /admin/emails/suppressions/{id}': async () => {
    const { id = '' } = await things.suppression(api, { email: `${newId()}@example.test` } as TestUser)
    return { as: admin, params: [id] }
  },
}

/** Reads that are themselves audited. */
const reads: Record<string, () => Promise<Call>> = {
  'get /admin/users': async () => ({ as: admin }),
  'get /admin/users/{id}': onUser,
  'get /admin/emails': async () => ({ as: admin }),
  'get /admin/message-reports': async () => ({ as: admin }),
  'get /admin/emails/{id}': sentMail,
  'get /admin/emails/suppressions': async () => ({ as: admin }),
  'get /admin/audit-events/export': async () => ({ as: admin }),
  'get /admin/audit-events/verify': async () => ({ as: admin }),
}

/** Unsafe methods whose effects are not audited, with the reason. */
const changeNothing: Record<string, string> = {
  'post /auth/register': 'nobody exists before the code was right',
  'post /auth/refresh': 'the session stays what it is; a token that was used twice is an event of its own',
  'post /auth/two-factor/resend': 'the same challenge, by another mail',
  'post /auth/two-factor/totp/setup': 'nothing holds before the first code was right',
  'post /auth/two-factor/otp/enable': 'nothing holds before the code was right',
  'patch /notifications/{id}/read': 'whether a user has read a notification is private; its cause is audited',
  'patch /notifications/read-all': 'the same',
  'delete /notifications/{id}': 'the same: its cause stays in the log',
  'post /chats/{id}/messages':
    'what users write to each other is private; deleting a message of another one is audited',
  'patch /chats/{id}/messages/{messageId}': 'the same',
  'put /chats/{id}/messages/{messageId}/reactions/{emoji}': 'the same',
  'delete /chats/{id}/messages/{messageId}/reactions/{emoji}': 'the same',
  'put /chats/{id}/read': 'how far a user has read is private',
  'put /chats/{id}/mute': 'a setting of the user for themselves',
  'delete /chats/{id}/mute': 'the same',
  'put /chats/{id}/archive': 'the same',
  'delete /chats/{id}/archive': 'the same',
  'post /auth/confirmation-code': 'a code for an action that is an event of its own',
}

async function routes(): Promise<string[]> {
  const { paths } = (await api.connect().inject('GET', '/openapi.json')).json() as { paths: Record<string, object> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path.replace('/api/v1', '')}`),
  )
}

/** Lists the actions that one call of the route has recorded. */
async function actionsOf(route: string, prepare: () => Promise<Call>): Promise<string[]> {
  const { as, params = [], query = '', body, headers } = await prepare()
  const [method = '', pattern = ''] = route.split(' ')
  const values = [...params]
  const path = pattern.replace(/\{\w+\}/g, () => values.shift() ?? '')
  const answer = await as.inject(method.toUpperCase() as 'GET', `/api/v1${path}${query}`, body, headers)
  expect([route, answer.statusCode, answer.statusCode < 300 ? '' : answer.body]).toEqual([
    route,
    expect.any(Number),
    '',
  ])
  const requestId = answer.headers['x-request-id'] as string
  const rows = await api.db.selectFrom('audit_pending').select('action').where('request_id', '=', requestId).execute()
  return rows.map(({ action }) => action)
}

test('every route with effects is tried below or known to change nothing', async () => {
  const unsafe = (await routes()).filter((route) => !route.startsWith('get '))
  expect(unsafe.length).toBeGreaterThan(40)
  expect(unsafe.toSorted()).toEqual([...Object.keys(changes), ...Object.keys(changeNothing)].toSorted())
})

test.for(Object.entries({ ...changes, ...reads }))('%s leaves an event', async ([route, prepare]) => {
  const actions = await actionsOf(route, prepare)
  expect({ route, actions }).toEqual({
    route,
    actions: expect.arrayContaining([expect.stringMatching(/^[a-z]+\.\w+$/)]),
  })
  expect(actions).not.toContain('access.denied')
})
