/*
 * Walks through the API as a front end does, behind Prism, which validates each request and each answer by the OpenAPI document.
 * Limits of Prism: it forwards bodies as text, so that images go to the API directly; and it does not look
 * into multipart bodies.
 */
import { startValidatingProxy } from '@muster/openapi/validating-proxy'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { picture } from '../http/uploads/testing/sample-files.ts'
import { formOf } from '../modules/attachments/testing/upload-fixtures.ts'
import { mailedToken } from '../modules/invites/testing/invites-fixtures.ts'
import { mailedCode, newUser, password } from '../modules/sign-in/testing/sign-in-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'
import * as fixtures from './testing/fixtures.ts'
import { createProxiedClient, type ProxiedClient } from './testing/proxied-client.ts'

type Proxy = Awaited<ReturnType<typeof startValidatingProxy>>

const v1 = '/api/v1'
let api: TestApp
let upstream: string
let document: string
let proxy: Proxy

beforeAll(async () => {
  api = await buildTestApp()
  upstream = await api.listen()
  document = (await api.connect().inject('GET', '/openapi.json')).body
  proxy = await startValidatingProxy({ document, upstream })
})
afterAll(async () => {
  await proxy.close()
  await api.close()
})

const browser = (cookies?: Map<string, string>, url = proxy.url) =>
  createProxiedClient(url, { origin: new URL(api.deps.config.webUrl).origin, ...(cookies && { cookies }) })

/** Registers somebody and reads the code from the mail. */
async function registered(): Promise<ProxiedClient & { user: { id: string; email: string } }> {
  const client = browser()
  const person = newUser()
  await client.send('POST', `${v1}/auth/register`, 202, { body: { ...person, timezone: 'Europe/Berlin' } })
  const body = { email: person.email, otp: await mailedCode(api, person.email) }
  const { data } = await client.send('POST', `${v1}/auth/register/verify`, 201, { body })
  return { ...client, user: data.user }
}

test('signing up, in and out fits the document', async () => {
  const guest = browser()
  expect((await guest.send('GET', `${v1}/auth/session`, 200)).data).toMatchObject({ user: null })
  await guest.send('GET', `${v1}/auth/config`, 200)
  await guest.send('GET', '/health', 200)
  const ann = await registered()
  expect((await ann.send('GET', `${v1}/auth/session`, 200)).data.user.id).toBe(ann.user.id)
  await ann.send('GET', `${v1}/users/me`, 200)
  await ann.send('PATCH', `${v1}/users/me`, 200, { body: { bio: 'Likes lists.' } })
  await ann.send('GET', `${v1}/users/me/preferences`, 200)
  await ann.send('GET', `${v1}/auth/sessions`, 200)
  await ann.send('POST', `${v1}/auth/refresh`, 200)
  await ann.send('POST', `${v1}/auth/logout`, 200)
  expect([...ann.cookies.keys()]).toEqual(['muster_device'])
  const wrong = { email: ann.user.email, password: 'Not-the-one-7' }
  expect((await ann.send('POST', `${v1}/auth/login`, 401, { body: wrong })).error.code).toBe('INVALID_CREDENTIALS')
  await ann.send('POST', `${v1}/auth/login`, 200, { body: { email: ann.user.email, password } })
  const late = { email: ann.user.email, otp: '000000' }
  expect((await ann.send('POST', `${v1}/auth/register/verify`, 400, { body: late })).error.code).toBe('OTP_INVALID')
})

test('a team working on tasks fits the document', async () => {
  const ann = await registered()
  await ann.send('GET', `${v1}/organization`, 200)
  const bo = await joined(ann)

  const soon = '2030-01-15T09:00:00+01:00'
  const dated = await created(ann, {
    title: 'Water the plants',
    dueDate: soon,
    priority: 'high',
    assigneeId: bo.user.id,
  })
  const undated = await created(ann, { title: 'Sow', dueDate: null, category: 'garden', link: 'https://example.org/' })
  await attach(ann, dated.id)
  await remind(ann, dated.id)

  const list = `${v1}/tasks`
  const first = await ann.send('GET', `${list}?status=todo,completed&priority=low,medium,high&limit=1`, 200)
  expect(first.pagination.nextCursor).toEqual(expect.any(String))
  const cursor = encodeURIComponent(first.pagination.nextCursor)
  const second = await ann.send(
    'GET',
    `${list}?status=todo,completed&priority=low,medium,high&limit=1&cursor=${cursor}`,
    200,
  )
  expect([first, second].map(({ data }) => data.tasks[0].id).sort()).toEqual([dated.id, undated.id].sort())
  for (const query of filters) await ann.send('GET', `${list}?${query}`, 200)
  expect((await bo.send('GET', `${list}?assigneeId=me`, 200)).data.tasks).toHaveLength(1)

  const detail = await ann.send('GET', `${list}/${dated.id}`, 200)
  const tag = detail.headers.get('etag') ?? ''
  await ann.send('GET', `${list}/${dated.id}`, 304, { headers: { 'if-none-match': tag } })
  const patch = (body: object, expected: number) =>
    ann.send('PATCH', `${list}/${dated.id}`, expected, { body, headers: { 'if-match': tag } })
  await patch({ description: 'The ones at the window.' }, 200)
  expect((await patch({ status: 'completed' }, 412)).error.code).toBe('STALE')
  await ann.send('PATCH', `${list}/${dated.id}`, 200, { body: { status: 'completed' } })
  const blank = await ann.send('POST', list, 400, { body: { title: '     ' } })
  expect(blank.error).toMatchObject({ code: 'VALIDATION_FAILED', details: [{ path: 'body.title' }] })
  expect((await ann.send('GET', `${list}/${crypto.randomUUID()}`, 404)).error.code).toBe('NOT_FOUND')

  for (const path of pages) await ann.send('GET', `${v1}${path}`, 200)
  const { data } = await bo.send('GET', `${v1}/notifications?unread=true`, 200)
  expect(data.notifications.length).toBeGreaterThan(0)
  await bo.send('PATCH', `${v1}/notifications/${data.notifications[0].id}/read`, 200)
  await ann.send('GET', `${v1}/users?ids=${ann.user.id},${bo.user.id}`, 200)
  await ann.send('GET', `${v1}/users?q=person`, 200)
  await ann.send('GET', `${v1}/users/${bo.user.id}`, 200)
  await ann.send('DELETE', `${list}/${undated.id}`, 200)
  await ann.send('POST', `${v1}/auth/logout`, 200)
})

const filters = [
  'assigneeId=none,me&ownerId=me&overdue=false',
  'category=garden,&hasDueDate=false',
  'q=plants&sort=-relevance&page=1&limit=20',
  'dueFrom=2030-01-01T00:00:00Z&dueTo=2030-02-01T00:00:00Z&updatedSince=2026-01-01T00:00:00Z',
]
const pages = [
  '/tasks',
  '/users/me',
  '/tasks/categories',
  '/reminders?status=pending&sort=-createdAt',
  '/analytics',
  '/analytics/streaks',
  '/analytics/days?from=2026-01-01&to=2026-12-31',
  '/users/me/access-log',
  '/notifications',
  '/notifications/unread-count',
  '/organization/members?q=person',
  '/invites?status=accepted',
  '/auth/sessions',
  '/friends',
]

async function created(client: ProxiedClient, body: object): Promise<{ id: string }> {
  const { data, headers } = await client.send('POST', `${v1}/tasks`, 201, { body })
  expect(headers.get('location')).toMatch(`${v1}/tasks/${data.task.id}`)
  return data.task
}

/** Invites somebody to the organization, who accepts by the link in the mail. */
async function joined(inviter: ProxiedClient) {
  const { username, name, email } = newUser()
  await inviter.send('POST', `${v1}/invites`, 201, { body: { email, role: 'client_user' } })
  const token = await mailedToken(api, email)
  const client = browser()
  await client.send('GET', `${v1}/invites/details/${token}`, 200)
  const { data } = await client.send('POST', `${v1}/invites/accept`, 201, { body: { token, name, username, password } })
  return { ...client, user: data.user as { id: string } }
}

async function attach(client: ProxiedClient, taskId: string): Promise<void> {
  const path = `${v1}/tasks/${taskId}/attachments`
  const notes = await client.send('POST', path, 201, { form: formOf({ 'notes.txt': 'Grüße' }) })
  expect(notes.data.attachments[0].status).toBe('ready')
  const form = formOf({ 'photo.png': await picture('png') })
  await browser(client.cookies, upstream).send('POST', path, 201, { form })
  const { data } = await client.send('GET', path, 200)
  expect(data.attachments.map(({ status }: { status: string }) => status).sort()).toEqual(['processing', 'ready'])
  for (const { id } of data.attachments) await client.send('GET', `${v1}/attachments/${id}`, 200)
  const { id } = notes.data.attachments[0]
  const content = await client.send('GET', `${v1}/attachments/${id}/content`, 200)
  expect(content.body).toBe('Grüße')
  await client.send('GET', `${v1}/attachments/${id}/content`, 206, { headers: { range: 'bytes=0-1' } })
  await client.send('GET', `${v1}/attachments/${id}/content`, 416, { headers: { range: 'bytes=99-' } })
}

async function remind(client: ProxiedClient, taskId: string): Promise<void> {
  const body = { taskId, offsetMinutes: 30, message: 'Bring the key.' }
  const { data } = await client.send('POST', `${v1}/reminders`, 201, { body })
  const path = `${v1}/reminders/${data.reminder.id}`
  await client.send('GET', path, 200)
  await client.send('PATCH', path, 200, { body: { type: 'email' } })
  await client.send('GET', `${v1}/tasks/${taskId}/reminders`, 200)
}

test('images in all their states fit the document', async () => {
  const ann = await api.signUp()
  const { id } = (await fixtures.attachment(api, ann)) as { id: string }
  const client = browser(ann.cookies)
  for (const part of ['', '/content', '/thumbnail']) await client.send('GET', `${v1}/attachments/${id}${part}`, 200)
  const failure = { status: 'failed', failure_reason: 'image-damaged' }
  await api.db.updateTable('attachments').set(failure).where('id', '=', id).execute()
  await client.send('GET', `${v1}/attachments/${id}`, 200)
  await client.send('DELETE', `${v1}/attachments/${id}`, 200)
  await fixtures.userWithAvatar(api, ann)
  await client.send('GET', `${v1}/users/me`, 200)
  await client.send('GET', `${v1}/users/${ann.userId}/avatar`, 200)
})

test('the lists of administrators fit the document', async () => {
  const user = await registered()
  const { organizationId } = await api.signUp()
  const admin = await api.signUp({ role: 'super_admin' })
  await fixtures.suppression(api, admin)
  const job = await fixtures.failedJob(api, admin)
  const client = browser(admin.cookies)
  for (const path of administration) await client.send('GET', `${v1}/admin${path}`, 200)
  await client.send('GET', `${v1}/admin/users/${user.user.id}`, 200)
  for (const part of [
    'sessions',
    'factors',
    'consequences?action=deactivate',
    'consequences?action=changeRole&role=operator',
  ])
    await client.send('GET', `${v1}/admin/users/${user.user.id}/${part}`, 200)
  await client.send('GET', `${v1}/admin/organizations/${organizationId}`, 200)
  await client.send('PATCH', `${v1}/admin/users/${user.user.id}`, 200, { body: { isActive: false, note: 'By phone.' } })
  await client.send('POST', `${v1}/admin/queues/email/failed/${job.jobId}/retry`, 200)
  expect((await user.send('GET', `${v1}/users/me`, 401)).status).toBe(401)
})

const administration = [
  '/audit-events?limit=5',
  '/audit-events?action=auth.login_succeeded&from=2026-01-01T00:00:00Z',
  '/audit-events/export?format=csv',
  '/audit-events/export?format=ndjson',
  '/audit-events/verify',
  '/users?isActive=true&q=person',
  '/organizations?isPersonal=true&limit=5',
  '/queues',
  '/queues/email/failed',
  '/queues/email/retries',
  '/emails?status=queued',
  '/emails/suppressions',
  '/diagnostics/client-ip',
]

test('the proxy refuses what the document does not allow', async () => {
  const ann: TestUser = await api.signUp()
  const client = browser(ann.cookies)
  const undocumented = { title: 'Water the plants', colour: 'green' }
  expect((await client.attempt('POST', `${v1}/tasks`, { body: undocumented })).status).toBe(422)
  expect((await client.attempt('GET', `${v1}/tasks?limit=1000`)).status).toBe(422)
  expect((await browser().attempt('GET', `${v1}/tasks`)).status).toBe(401)
})

test('the proxy refuses every answer that the document does not describe', async () => {
  // Prism is silent about a schema that it cannot read, which would let everything pass.
  const strict = await startValidatingProxy({ document: withImpossibleAnswers(document), upstream })
  try {
    const ann = browser((await api.signUp()).cookies, strict.url)
    const admin = browser((await api.signUp({ role: 'super_admin' })).cookies, strict.url)
    const answers = [
      ...(await Promise.all(pages.map(async (path) => [path, await ann.attempt('GET', `${v1}${path}`)] as const))),
      ...(await Promise.all(
        administration
          .filter((path) => !path.includes('export'))
          .map(async (path) => [path, await admin.attempt('GET', `${v1}/admin${path}`)] as const),
      )),
    ]
    expect(answers.filter(([, { status, body }]) => status !== 500 || !body.includes('impossible'))).toEqual([])
  } finally {
    await strict.close()
  }
})

/** Lets each JSON success need a property that none has. */
function withImpossibleAnswers(text: string): string {
  const changed = JSON.parse(text) as {
    paths: Record<
      string,
      Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
    >
  }
  for (const { responses } of Object.values(changed.paths).flatMap((methods) => Object.values(methods))) {
    for (const { content } of Object.values(responses)) {
      const json = content?.['application/json']
      if (json) json.schema = { allOf: [json.schema, { type: 'object', required: ['impossible'] }] }
    }
  }
  return JSON.stringify(changed)
}
