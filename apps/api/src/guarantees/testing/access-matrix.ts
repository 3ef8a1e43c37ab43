import type { Role } from '@muster/policy'
import * as things from './fixtures.ts'

type Who = Partial<Record<things.Relation, readonly Role[]>>

/** One way to call a route, and who is let in. */
export type Row = {
  /** Anybody, whoever has one of these roles, or these roles with a thing of each relation. */
  who: 'anybody' | readonly Role[] | Who
  thing?: things.Thing
  /** Whose a thing is that is not the caller's; otherwise a client_user's. */
  ownerRole?: { ours: Role; others: Role }
  body?: (thing: Record<string, string>) => object
  /** Sent as multipart/form-data. */
  file?: { field: string; name: string; bytes: () => Promise<Uint8Array | string> }
  query?: string
  /** How somebody is answered who is let in and has nothing better to show; otherwise with a success. */
  answers?: string
  /** Relations that make no sense, such as to be one's own friend. */
  not?: readonly things.Relation[]
}

const superAdmin = ['super_admin'] as const
const administrators = ['super_admin', 'site_admin'] as const
const platform = ['super_admin', 'site_admin', 'operator'] as const
const clientAdmin = ['client_admin'] as const
const clients = ['client_admin', 'client_user'] as const
const everybody = [...platform, ...clients] as const

const own: Who = { own: everybody }
const ruled: Who = { own: everybody, ours: clientAdmin }
const anyOf = (who: readonly Role[]): Who => ({ own: who, ours: who, others: who })
const nobody: Who = {}

const code = '123456'
const password = 'Str0ng-Enough'
const dueDate = '2099-01-01T00:00:00.000Z'
let count = 0
const anew = () => `matrix_${++count}`
const picture = async () => (await import('../../http/uploads/testing/sample-files.ts')).picture('png')
const inviting = (role: Role) => () => ({
  email: `${anew()}@example.test`,
  role,
  ...(role === 'client_admin' && { organizationName: 'New' }),
})

const sentInvite: Row = {
  who: { own: [...platform, ...clientAdmin], others: administrators },
  thing: things.invite,
  ownerRole: { ours: 'client_admin', others: 'operator' },
}

/**
 * Who may call what. Whatever does not stand here must answer 401, 403 or 404 to everybody: a new route is refused until
 * somebody has written down for whom it is.
 */
export const table: Record<string, Row | Row[]> = {
  'GET /health': { who: 'anybody' },

  'POST /auth/register': {
    who: 'anybody',
    body: () => ({ username: anew(), name: 'New', email: `${anew()}@example.test`, password }),
  },
  'POST /auth/register/verify': {
    who: 'anybody',
    body: () => ({ email: 'nobody@example.test', otp: code }),
    answers: 'OTP_INVALID',
  },
  'POST /auth/login': {
    who: 'anybody',
    body: () => ({ email: `${anew()}@example.test`, password }),
    answers: 'INVALID_CREDENTIALS',
  },
  'POST /auth/two-factor/verify': {
    who: 'anybody',
    body: () => ({ challengeToken: 'none', code }),
    answers: 'CHALLENGE_INVALID',
  },
  'POST /auth/two-factor/resend': {
    who: 'anybody',
    body: () => ({ challengeToken: 'none' }),
    answers: 'CHALLENGE_INVALID',
  },
  'POST /auth/refresh': { who: everybody },
  'POST /auth/logout': { who: everybody },
  'POST /auth/logout-all': { who: everybody },
  'GET /auth/sessions': { who: everybody },
  'DELETE /auth/sessions/{id}': { who: own, thing: things.session },
  'POST /auth/two-factor/totp/setup': { who: everybody },
  'POST /auth/two-factor/totp/confirm': { who: everybody, body: () => ({ code }), answers: 'CONFLICT' },
  'POST /auth/two-factor/otp/enable': { who: everybody },
  'POST /auth/two-factor/otp/confirm': { who: everybody, body: () => ({ code }), answers: 'OTP_INVALID' },
  'POST /auth/two-factor/recovery-codes': { who: everybody, body: () => ({ code }), answers: 'CONFLICT' },
  'POST /auth/two-factor/disable': { who: everybody, body: () => ({ code }), answers: 'CONFLICT' },
  'POST /auth/confirmation-code': { who: everybody },
  'POST /auth/forgot-password': { who: 'anybody', body: () => ({ email: `${anew()}@example.test` }) },
  'POST /auth/reset-password': { who: 'anybody', body: () => ({ token: 'none', password }), answers: 'TOKEN_INVALID' },
  'POST /auth/change-password': {
    who: everybody,
    body: () => ({ code, newPassword: password }),
    answers: 'OTP_INVALID',
  },
  'GET /auth/google': { who: 'anybody' },
  'GET /auth/google/callback': { who: 'anybody' },
  'DELETE /auth/google': { who: own, thing: things.googleAccount },

  'GET /users/me': { who: everybody },
  'PATCH /users/me': { who: everybody, body: () => ({ name: 'Changed' }) },
  'DELETE /users/me': { who: everybody, body: () => ({ code }), answers: 'OTP_INVALID' },
  'GET /users/me/export': { who: everybody },
  'GET /users/me/preferences': { who: everybody },
  'PUT /users/me/preferences': { who: everybody, body: () => ({}) },
  'GET /unsubscribe': { who: 'anybody', query: '?token=none', answers: 'TOKEN_INVALID' },
  'POST /unsubscribe': { who: 'anybody', query: '?token=none', answers: 'TOKEN_INVALID' },
  'PUT /users/me/avatar': { who: everybody, file: { field: 'file', name: 'me.png', bytes: picture } },
  'DELETE /users/me/avatar': { who: everybody },
  'GET /users': { who: everybody, query: '?q=a' },
  'GET /users/{id}': { who: { own: everybody, ours: clients }, thing: things.person },
  'GET /users/{id}/avatar': { who: { own: everybody, ours: clients }, thing: things.personWithPicture },

  'POST /friends/requests': {
    who: anyOf(everybody),
    thing: things.person,
    body: ({ id }) => ({ userId: id }),
    not: ['own'],
  },
  'GET /friends/requests': { who: everybody },
  'POST /friends/requests/{id}/accept': { who: own, thing: things.friendRequest },
  'POST /friends/requests/{id}/decline': { who: own, thing: things.friendRequest },
  'GET /friends': { who: everybody },
  'GET /friends/blocked': { who: everybody },
  'DELETE /friends/{userId}': { who: own, thing: things.friend },
  'POST /friends/{userId}/block': { who: anyOf(everybody), thing: things.person, not: ['own'] },
  'DELETE /friends/{userId}/block': { who: own, thing: things.blockedPerson },

  'GET /organization': { who: clients },
  'PATCH /organization': { who: clientAdmin, body: () => ({ name: 'Changed' }) },
  'GET /organization/members': { who: clients },
  'PATCH /organization/members/{userId}': [
    { who: { ours: clientAdmin }, thing: things.person, body: () => ({ isActive: false }) },
    { who: { ours: clientAdmin }, thing: things.person, body: () => ({ role: 'client_admin' }) },
  ],
  'DELETE /organization/members/{userId}': { who: { own: clients, ours: clientAdmin }, thing: things.person },

  'POST /invites': [
    { who: superAdmin, body: inviting('site_admin') },
    { who: administrators, body: inviting('operator') },
    { who: platform, body: inviting('client_admin') },
    { who: clientAdmin, body: inviting('client_user') },
  ],
  'GET /invites': { who: [...platform, ...clientAdmin] },
  'POST /invites/{id}/resend': sentInvite,
  'DELETE /invites/{id}': sentInvite,
  'GET /invites/details/{token}': { who: 'anybody', answers: 'INVITE_INVALID' },
  'POST /invites/accept': {
    who: 'anybody',
    body: () => ({ token: 'none', name: 'New', username: anew(), password }),
    answers: 'INVITE_INVALID',
  },

  'POST /tasks': { who: everybody, body: () => ({ title: 'A task', dueDate }) },
  'GET /tasks': { who: everybody },
  'GET /tasks/{id}': { who: ruled, thing: things.task },
  'PATCH /tasks/{id}': { who: ruled, thing: things.task, body: () => ({ title: 'Changed' }) },
  'DELETE /tasks/{id}': { who: ruled, thing: things.task },
  'POST /tasks/{id}/attachments': {
    who: ruled,
    thing: things.task,
    file: { field: 'files', name: 'notes.txt', bytes: async () => 'Notes.' },
  },
  'GET /tasks/{id}/attachments': { who: ruled, thing: things.task },
  'GET /attachments/{id}': { who: ruled, thing: things.file },
  'GET /attachments/{id}/content': { who: ruled, thing: things.file },
  'GET /attachments/{id}/thumbnail': { who: ruled, thing: things.file },
  'DELETE /attachments/{id}': { who: ruled, thing: things.file },
  'POST /reminders': { who: ruled, thing: things.task, body: ({ id }) => ({ taskId: id, offsetMinutes: 5 }) },
  'GET /reminders': { who: everybody },
  'GET /tasks/{id}/reminders': { who: ruled, thing: things.task },
  'GET /reminders/{id}': { who: own, thing: things.reminder },
  'PATCH /reminders/{id}': { who: own, thing: things.reminder, body: () => ({ message: 'Changed' }) },
  'DELETE /reminders/{id}': { who: own, thing: things.reminder },
  'GET /notifications': { who: everybody },
  'GET /notifications/unread-count': { who: everybody },
  'PATCH /notifications/{id}/read': { who: own, thing: things.notification },
  'PATCH /notifications/read-all': { who: everybody },
  'DELETE /notifications/{id}': { who: own, thing: things.notification },
  'GET /analytics': { who: everybody },
  'GET /analytics/streaks': { who: everybody },

  'GET /admin/users': { who: platform },
  'GET /admin/users/{id}': { who: anyOf(platform), thing: things.person },
  'PATCH /admin/users/{id}': [
    { who: { others: administrators }, thing: things.person, body: () => ({ isActive: false }) },
    { who: nobody, thing: things.person, body: () => ({ role: 'super_admin' }) },
  ],
  'POST /admin/users/{id}/revoke-sessions': { who: { others: administrators }, thing: things.person },
  'DELETE /admin/users/{id}/cache': { who: anyOf(administrators), thing: things.person },
  'GET /admin/audit-events': { who: platform },
  'GET /admin/audit-events/export': { who: platform, query: '?format=ndjson' },
  'GET /admin/audit-events/verify': { who: platform },
  'GET /admin/queues': { who: platform },
  'GET /admin/queues/{name}/failed': { who: anyOf(platform), thing: things.queue },
  'POST /admin/queues/{name}/failed/{jobId}/retry': { who: anyOf(administrators), thing: things.failedJob },
  'DELETE /admin/queues/{name}/failed/{jobId}': { who: anyOf(administrators), thing: things.failedJob },
  'GET /admin/emails': { who: platform },
  'GET /admin/emails/{id}': { who: anyOf(platform), thing: things.sentMail },
  'GET /admin/emails/suppressions': { who: platform },
  'DELETE /admin/emails/suppressions/{id}': { who: anyOf(administrators), thing: things.suppression },
  'POST /admin/emails/{id}/resend': { who: anyOf(administrators), thing: things.sentMail },
  'GET /admin/diagnostics/client-ip': { who: platform },
}
