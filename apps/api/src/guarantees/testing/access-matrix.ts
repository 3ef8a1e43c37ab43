import type { Role } from '@muster/policy'
import * as fixtures from './fixtures.ts'

/** The roles that are allowed by the relation of the caller to the resource. */
type ByRelation = Partial<Record<fixtures.Relation, readonly Role[]>>

/** One way to call a route, and the callers who may. */
export type AccessRule = {
  /** All callers, users of these roles, or users of these roles by their relation to the resource. */
  allowed: 'everybody' | readonly Role[] | ByRelation
  resource?: fixtures.Resource
  /** Role of the resource's owner when that is not the caller; `client_user` by default. */
  ownerRole?: { organization: Role; foreign: Role }
  body?: (resource: Record<string, string>) => object
  /** Sent as multipart/form-data. */
  file?: { field: string; name: string; bytes: () => Promise<Uint8Array | string> }
  query?: string
  /** Error code of an allowed call, for routes that need more than the test has; otherwise it must succeed. */
  expectedCode?: string
  /** Relations that do not exist, such as being one's own friend. */
  impossible?: readonly fixtures.Relation[]
}

const superAdmin = ['super_admin'] as const
const administrators = ['super_admin', 'site_admin'] as const
const platform = ['super_admin', 'site_admin', 'operator'] as const
const clientAdmin = ['client_admin'] as const
const clients = ['client_admin', 'client_user'] as const
const signedIn = [...platform, ...clients] as const

const ownOnly: ByRelation = { own: signedIn }
const ownOrAdmin: ByRelation = { own: signedIn, organization: clientAdmin }
const anyRelation = (allowed: readonly Role[]): ByRelation => ({
  own: allowed,
  organization: allowed,
  foreign: allowed,
})
const nobody: ByRelation = {}

const code = '123456'
const password = 'Str0ng-Enough'
const dueDate = '2099-01-01T00:00:00.000Z'
let count = 0
const newName = () => `matrix_${++count}`
const picture = async () => (await import('../../http/uploads/testing/sample-files.ts')).picture('png')
const inviting = (role: Role) => () => ({
  email: `${newName()}@example.test`,
  role,
  ...(role === 'client_admin' && { organizationName: 'New' }),
})

const sentInvite: AccessRule = {
  allowed: { own: [...platform, ...clientAdmin], foreign: administrators },
  resource: fixtures.invite,
  ownerRole: { organization: 'client_admin', foreign: 'operator' },
}

/**
 * The callers who may call each route, written independently of the code. A route that is missing here must answer 401, 403 or
 * 404 to every caller, so that a new route fails the test until it is added.
 */
export const accessMatrix: Record<string, AccessRule | AccessRule[]> = {
  'GET /health': { allowed: 'everybody' },

  'POST /auth/register': {
    allowed: 'everybody',
    body: () => ({ username: newName(), name: 'New', email: `${newName()}@example.test`, password }),
  },
  'POST /auth/register/verify': {
    allowed: 'everybody',
    body: () => ({ email: 'nobody@example.test', otp: code }),
    expectedCode: 'OTP_INVALID',
  },
  'POST /auth/login': {
    allowed: 'everybody',
    body: () => ({ email: `${newName()}@example.test`, password }),
    expectedCode: 'INVALID_CREDENTIALS',
  },
  'POST /auth/two-factor/verify': {
    allowed: 'everybody',
    body: () => ({ challengeToken: 'none', code }),
    expectedCode: 'CHALLENGE_INVALID',
  },
  'POST /auth/two-factor/resend': {
    allowed: 'everybody',
    body: () => ({ challengeToken: 'none' }),
    expectedCode: 'CHALLENGE_INVALID',
  },
  'POST /auth/refresh': { allowed: signedIn },
  'POST /auth/logout': { allowed: signedIn },
  'POST /auth/logout-all': { allowed: signedIn },
  'GET /auth/session': { allowed: 'everybody' },
  'GET /auth/config': { allowed: 'everybody' },
  'GET /auth/sessions': { allowed: signedIn },
  'DELETE /auth/sessions/{id}': { allowed: ownOnly, resource: fixtures.session },
  'GET /auth/two-factor': { allowed: signedIn },
  'POST /auth/two-factor/totp/setup': { allowed: signedIn },
  'POST /auth/two-factor/totp/confirm': { allowed: signedIn, body: () => ({ code }), expectedCode: 'CONFLICT' },
  'POST /auth/two-factor/otp/enable': { allowed: signedIn },
  'POST /auth/two-factor/otp/confirm': { allowed: signedIn, body: () => ({ code }), expectedCode: 'OTP_INVALID' },
  'POST /auth/two-factor/recovery-codes': { allowed: signedIn, body: () => ({ code }), expectedCode: 'CONFLICT' },
  'POST /auth/two-factor/disable': { allowed: signedIn, body: () => ({ code }), expectedCode: 'CONFLICT' },
  'POST /auth/confirmation-code': { allowed: signedIn },
  'POST /auth/forgot-password': { allowed: 'everybody', body: () => ({ email: `${newName()}@example.test` }) },
  'POST /auth/reset-password': {
    allowed: 'everybody',
    body: () => ({ token: 'none', password }),
    expectedCode: 'TOKEN_INVALID',
  },
  'POST /auth/change-password': {
    allowed: signedIn,
    body: () => ({ code, newPassword: password }),
    expectedCode: 'OTP_INVALID',
  },
  'GET /auth/google': { allowed: 'everybody' },
  'GET /auth/google/callback': { allowed: 'everybody' },
  'DELETE /auth/google': { allowed: ownOnly, resource: fixtures.googleAccount },

  'GET /users/me': { allowed: signedIn },
  'PATCH /users/me': { allowed: signedIn, body: () => ({ name: 'Changed' }) },
  'DELETE /users/me': { allowed: signedIn, body: () => ({ code }), expectedCode: 'OTP_INVALID' },
  'GET /users/me/export': { allowed: signedIn },
  'GET /users/me/access-log': { allowed: signedIn },
  'GET /users/me/preferences': { allowed: signedIn },
  'PUT /users/me/preferences': { allowed: signedIn, body: () => ({}) },
  'GET /unsubscribe': { allowed: 'everybody', query: '?token=none', expectedCode: 'TOKEN_INVALID' },
  'POST /unsubscribe': { allowed: 'everybody', query: '?token=none', expectedCode: 'TOKEN_INVALID' },
  'PUT /users/me/avatar': { allowed: signedIn, file: { field: 'file', name: 'me.png', bytes: picture } },
  'DELETE /users/me/avatar': { allowed: signedIn },
  'GET /users': { allowed: signedIn, query: '?q=a' },
  'GET /users/{id}': { allowed: { own: signedIn, organization: clients }, resource: fixtures.user },
  'GET /users/{id}/avatar': { allowed: { own: signedIn, organization: clients }, resource: fixtures.userWithAvatar },

  'POST /friends/requests': {
    allowed: anyRelation(signedIn),
    resource: fixtures.user,
    body: ({ id }) => ({ userId: id }),
    impossible: ['own'],
  },
  'GET /friends/requests': { allowed: signedIn },
  'POST /friends/requests/{id}/accept': { allowed: ownOnly, resource: fixtures.friendRequest },
  'POST /friends/requests/{id}/decline': { allowed: ownOnly, resource: fixtures.friendRequest },
  'GET /friends': { allowed: signedIn },
  'GET /friends/blocked': { allowed: signedIn },
  'DELETE /friends/{userId}': { allowed: ownOnly, resource: fixtures.friend },
  'POST /friends/{userId}/block': { allowed: anyRelation(signedIn), resource: fixtures.user, impossible: ['own'] },
  'DELETE /friends/{userId}/block': { allowed: ownOnly, resource: fixtures.blockedUser },

  'GET /organization': { allowed: clients },
  'PATCH /organization': { allowed: clientAdmin, body: () => ({ name: 'Changed' }) },
  'GET /organization/members': { allowed: clients },
  'PATCH /organization/members/{userId}': [
    { allowed: { organization: clientAdmin }, resource: fixtures.user, body: () => ({ isActive: false }) },
    { allowed: { organization: clientAdmin }, resource: fixtures.user, body: () => ({ role: 'client_admin' }) },
  ],
  'DELETE /organization/members/{userId}': {
    allowed: { own: clients, organization: clientAdmin },
    resource: fixtures.user,
  },

  'POST /invites': [
    { allowed: superAdmin, body: inviting('site_admin') },
    { allowed: administrators, body: inviting('operator') },
    { allowed: platform, body: inviting('client_admin') },
    { allowed: clientAdmin, body: inviting('client_user') },
  ],
  'GET /invites': { allowed: [...platform, ...clientAdmin] },
  'POST /invites/{id}/resend': sentInvite,
  'DELETE /invites/{id}': sentInvite,
  'GET /invites/details/{token}': { allowed: 'everybody', expectedCode: 'INVITE_INVALID' },
  'POST /invites/accept': {
    allowed: 'everybody',
    body: () => ({ token: 'none', name: 'New', username: newName(), password }),
    expectedCode: 'INVITE_INVALID',
  },

  'POST /tasks': { allowed: signedIn, body: () => ({ title: 'A task', dueDate }) },
  'GET /tasks': { allowed: signedIn },
  'GET /tasks/categories': { allowed: signedIn },
  'GET /tasks/{id}': { allowed: ownOrAdmin, resource: fixtures.task },
  'GET /tasks/{id}/activity': { allowed: ownOrAdmin, resource: fixtures.task },
  'PATCH /tasks/{id}': { allowed: ownOrAdmin, resource: fixtures.task, body: () => ({ title: 'Changed' }) },
  'DELETE /tasks/{id}': { allowed: ownOrAdmin, resource: fixtures.task },
  'POST /tasks/{id}/attachments': {
    allowed: ownOrAdmin,
    resource: fixtures.task,
    file: { field: 'files', name: 'notes.txt', bytes: async () => 'Notes.' },
  },
  'GET /tasks/{id}/attachments': { allowed: ownOrAdmin, resource: fixtures.task },
  'GET /attachments/{id}': { allowed: ownOrAdmin, resource: fixtures.attachment },
  'GET /attachments/{id}/content': { allowed: ownOrAdmin, resource: fixtures.attachment },
  'GET /attachments/{id}/thumbnail': { allowed: ownOrAdmin, resource: fixtures.attachment },
  'DELETE /attachments/{id}': { allowed: ownOrAdmin, resource: fixtures.attachment },
  'POST /reminders': {
    allowed: ownOrAdmin,
    resource: fixtures.task,
    body: ({ id }) => ({ taskId: id, offsetMinutes: 5 }),
  },
  'GET /reminders': { allowed: signedIn },
  'GET /tasks/{id}/reminders': { allowed: ownOrAdmin, resource: fixtures.task },
  'GET /reminders/{id}': { allowed: ownOnly, resource: fixtures.reminder },
  'PATCH /reminders/{id}': { allowed: ownOnly, resource: fixtures.reminder, body: () => ({ message: 'Changed' }) },
  'DELETE /reminders/{id}': { allowed: ownOnly, resource: fixtures.reminder },

  'POST /chats': [
    { allowed: signedIn, body: () => ({ type: 'group', name: 'Garden', memberIds: [] }) },
    {
      allowed: { organization: clients },
      resource: fixtures.user,
      body: ({ id }) => ({ type: 'direct', userId: id }),
      impossible: ['own'],
    },
  ],
  'GET /chats': { allowed: signedIn },
  'GET /chats/{id}': { allowed: ownOnly, resource: fixtures.chat },
  'PATCH /chats/{id}': { allowed: ownOnly, resource: fixtures.chat, body: () => ({ name: 'Orchard' }) },
  'PUT /chats/{id}/avatar': {
    allowed: ownOnly,
    resource: fixtures.chat,
    file: { field: 'file', name: 'us.png', bytes: picture },
  },
  'DELETE /chats/{id}/avatar': { allowed: ownOnly, resource: fixtures.chatWithAvatar },
  'GET /chats/{id}/avatar': { allowed: ownOnly, resource: fixtures.chatWithAvatar },
  'GET /chats/{id}/members': { allowed: ownOnly, resource: fixtures.chatMember },
  'POST /chats/{id}/members': {
    allowed: ownOnly,
    resource: fixtures.chatMember,
    body: ({ userId }) => ({ userIds: [userId] }),
  },
  'PATCH /chats/{id}/members/{userId}': {
    allowed: ownOnly,
    resource: fixtures.chatMember,
    body: () => ({ role: 'admin' }),
  },
  'DELETE /chats/{id}/members/{userId}': { allowed: ownOnly, resource: fixtures.chatMember },
  'POST /chats/{id}/leave': { allowed: ownOnly, resource: fixtures.chat },
  'POST /chats/{id}/media': {
    allowed: ownOnly,
    resource: fixtures.chat,
    file: { field: 'files', name: 'notes.txt', bytes: async () => 'Notes.' },
  },
  'GET /chats/{id}/media/{attachmentId}': { allowed: ownOnly, resource: fixtures.chatFile },
  'DELETE /chats/{id}/media/{attachmentId}': { allowed: ownOnly, resource: fixtures.chatFile },
  'POST /chats/{id}/messages/{messageId}/report': {
    allowed: ownOnly,
    resource: fixtures.foreignMessage,
    body: () => ({ reason: 'It is rude.' }),
  },
  'GET /admin/message-reports': { allowed: [...platform, ...clientAdmin] },
  'GET /chats/{id}/changes': { allowed: ownOnly, resource: fixtures.chat },
  'GET /chats/{id}/messages': { allowed: ownOnly, resource: fixtures.chat },
  'POST /chats/{id}/messages': {
    allowed: ownOnly,
    resource: fixtures.chat,
    body: () => ({ clientId: crypto.randomUUID(), body: 'Hello' }),
  },
  'GET /chats/search': { allowed: signedIn, query: '?q=hello' },
  'GET /chats/{id}/messages/{messageId}': { allowed: ownOnly, resource: fixtures.chat },
  'PATCH /chats/{id}/messages/{messageId}': {
    allowed: ownOnly,
    resource: fixtures.chat,
    body: () => ({ body: 'Changed' }),
  },
  'DELETE /chats/{id}/messages/{messageId}': { allowed: ownOnly, resource: fixtures.chat },
  'PUT /chats/{id}/messages/{messageId}/reactions/{emoji}': { allowed: ownOnly, resource: fixtures.chat },
  'DELETE /chats/{id}/messages/{messageId}/reactions/{emoji}': { allowed: ownOnly, resource: fixtures.chat },
  'PUT /chats/{id}/read': { allowed: ownOnly, resource: fixtures.chat, body: () => ({ seq: 1 }) },
  'PUT /chats/{id}/mute': { allowed: ownOnly, resource: fixtures.chat, body: () => ({}) },
  'DELETE /chats/{id}/mute': { allowed: ownOnly, resource: fixtures.chat },
  'PUT /chats/{id}/archive': { allowed: ownOnly, resource: fixtures.chat },
  'DELETE /chats/{id}/archive': { allowed: ownOnly, resource: fixtures.chat },

  'GET /notifications': { allowed: signedIn },
  'GET /notifications/unread-count': { allowed: signedIn },
  'GET /notifications/{id}/reason': { allowed: ownOnly, resource: fixtures.notification },
  'PATCH /notifications/{id}/read': { allowed: ownOnly, resource: fixtures.notification },
  'PATCH /notifications/read-all': { allowed: signedIn },
  'DELETE /notifications/{id}': { allowed: ownOnly, resource: fixtures.notification },
  'GET /analytics': { allowed: signedIn },
  'GET /analytics/streaks': { allowed: signedIn },
  'GET /analytics/days': { allowed: signedIn, query: '?from=2026-01-01&to=2026-12-31' },

  'GET /admin/users': { allowed: platform },
  'GET /admin/users/{id}': { allowed: anyRelation(platform), resource: fixtures.user },
  'PATCH /admin/users/{id}': [
    { allowed: { foreign: administrators }, resource: fixtures.user, body: () => ({ isActive: false }) },
    { allowed: nobody, resource: fixtures.user, body: () => ({ role: 'super_admin' }) },
  ],
  'GET /admin/users/{id}/sessions': { allowed: anyRelation(platform), resource: fixtures.user },
  'GET /admin/users/{id}/factors': { allowed: anyRelation(platform), resource: fixtures.user },
  'GET /admin/users/{id}/consequences': {
    allowed: anyRelation(platform),
    resource: fixtures.user,
    query: '?action=deactivate',
  },
  'GET /admin/organizations': { allowed: platform },
  'GET /admin/organizations/{id}': { allowed: anyRelation(platform), resource: fixtures.organization },
  'POST /admin/users/{id}/revoke-sessions': { allowed: { foreign: administrators }, resource: fixtures.user },
  'DELETE /admin/users/{id}/sessions/{sessionId}': {
    allowed: { foreign: administrators },
    resource: fixtures.sessionOfUser,
  },
  'POST /admin/users/{id}/password-link': { allowed: { foreign: administrators }, resource: fixtures.user },
  'DELETE /admin/users/{id}/cache': { allowed: anyRelation(administrators), resource: fixtures.user },
  'GET /admin/audit-events': { allowed: platform },
  'GET /admin/audit-events/export': { allowed: platform, query: '?format=ndjson' },
  'GET /admin/audit-events/verify': { allowed: platform },
  'GET /admin/audit-events/chain': { allowed: platform },
  'GET /admin/queues': { allowed: platform },
  'GET /admin/queues/{name}/failed': { allowed: anyRelation(platform), resource: fixtures.queue },
  'POST /admin/queues/{name}/failed/{jobId}/retry': {
    allowed: anyRelation(administrators),
    resource: fixtures.failedJob,
  },
  'DELETE /admin/queues/{name}/failed/{jobId}': { allowed: anyRelation(administrators), resource: fixtures.failedJob },
  'GET /admin/queues/{name}/series': { allowed: anyRelation(platform), resource: fixtures.queue },
  'GET /admin/queues/{name}/retries': { allowed: anyRelation(platform), resource: fixtures.queue },
  'GET /admin/queues/{name}/failures': { allowed: anyRelation(platform), resource: fixtures.queue },
  'POST /admin/queues/{name}/failed/retry': {
    allowed: anyRelation(administrators),
    resource: fixtures.queue,
    body: () => ({ dryRun: true }),
  },
  'POST /admin/queues/{name}/failed/discard': {
    allowed: anyRelation(administrators),
    resource: fixtures.queue,
    body: () => ({ dryRun: true }),
  },
  'POST /admin/queues/{name}/pause': {
    allowed: anyRelation(administrators),
    resource: fixtures.pausedQueue,
    body: () => ({ note: 'Maintenance' }),
    expectedCode: 'CONFLICT',
  },
  'POST /admin/queues/{name}/resume': {
    allowed: anyRelation(administrators),
    resource: fixtures.runningQueue,
    body: () => ({ note: 'Done' }),
    expectedCode: 'CONFLICT',
  },
  'GET /admin/status': { allowed: platform },
  'POST /admin/doctor': { allowed: platform },
  'GET /admin/emails': { allowed: platform },
  'GET /admin/emails/{id}': { allowed: anyRelation(platform), resource: fixtures.sentMail },
  'GET /admin/emails/results': { allowed: platform, query: '?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z' },
  'GET /admin/emails/suppressions': { allowed: platform },
  'GET /admin/trace/{requestId}': { allowed: anyRelation(platform), resource: fixtures.tracedRequest },
  'DELETE /admin/emails/suppressions/{id}': { allowed: anyRelation(administrators), resource: fixtures.suppression },
  'POST /admin/emails/{id}/resend': { allowed: anyRelation(administrators), resource: fixtures.sentMail },
  'GET /admin/diagnostics/client-ip': { allowed: platform },
}
