import { rename } from 'node:fs/promises'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { picture } from '../../http/uploads/testing/sample-files.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import {
  type Attachment,
  attachTo,
  type Files,
  filesOf,
  makeTask,
  pathOf,
  stateOf,
  uploadTo,
  withoutTrace,
} from './testing/upload-fixtures.ts'

let api: TestApp
let ann: TestUser
let taskId: string
let jpeg: Buffer

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
  ann = await api.signUp()
  taskId = await makeTask(ann)
  jpeg = await picture('jpeg')
})
afterAll(() => api.close())

const upload = (files: Files, target: { user?: TestUser; task?: string; field?: string } = {}) =>
  uploadTo({ user: ann, task: taskId, ...target }, files)
const uploaded = (name: string, bytes: Uint8Array | string, target: { user?: TestUser; task?: string } = {}) =>
  attachTo({ user: ann, task: taskId, ...target }, name, bytes)

test('an upload writes rows, jobs and audit events; images are processing, documents are ready', async () => {
  const { status, body } = await upload({ 'photo.jpg': jpeg, 'notes.txt': 'Grüße' })
  expect(status).toBe(201)
  const [photo, notes] = body.data.attachments as [Attachment, Attachment]
  expect(photo).toEqual({
    id: expect.any(String),
    taskId,
    filename: 'photo.jpg',
    contentType: 'image/jpeg',
    size: jpeg.length,
    status: 'processing',
    url: null,
    thumbnailUrl: null,
    width: null,
    height: null,
    optimizationStats: null,
    failureReason: null,
    createdAt: expect.any(String),
  })
  expect(notes).toMatchObject({
    status: 'ready',
    size: 7,
    url: `http://localhost:3000/api/v1/attachments/${notes.id}/content`,
  })
  const jobs = await api.db.selectFrom('outbox').select(['name', 'payload']).execute()
  expect(jobs.filter(({ payload }) => JSON.stringify(payload).includes(photo.id))).toEqual([
    { name: 'optimize-image', payload: { attachmentId: photo.id } },
  ])
  const events = await api.db
    .selectFrom('audit_pending')
    .selectAll()
    .where('target_id', 'in', [photo.id, notes.id])
    .execute()
  expect(events).toHaveLength(2)
  expect(events[0]).toMatchObject({ action: 'attachment.created', actor_id: ann.userId, after: { taskId } })
  const listed = (await ann.inject('GET', pathOf(taskId))).json().data.attachments
  expect(listed).toEqual(expect.arrayContaining([photo, notes]))
  expect((await ann.inject('GET', `/api/v1/attachments/${photo.id}`)).json().data.attachment).toEqual(photo)
  expect((await filesOf(api)).staged).toEqual([])
})

test('attachments are visible with their task and NOT_FOUND otherwise', async () => {
  const admin = await api.signUp()
  const [assignee, colleague, stranger] = await Promise.all([
    api.signUp({ role: 'client_user', organizationId: admin.organizationId as string }),
    api.signUp({ role: 'client_user', organizationId: admin.organizationId as string }),
    api.signUp(),
  ])
  const task = await makeTask(admin, { assigneeId: assignee.userId })
  const file = await uploaded('a.txt', 'text', { user: admin, task })
  const mine = await uploaded('b.txt', 'text', { user: assignee, task })
  const paths = [`/api/v1/attachments/${file.id}`, `/api/v1/attachments/${file.id}/content`, pathOf(task)]
  for (const path of paths) expect((await assignee.inject('GET', path)).statusCode).toBe(200)
  for (const user of [colleague, stranger]) {
    for (const path of [...paths, `/api/v1/attachments/${file.id}/thumbnail`]) {
      expect((await user.inject('GET', path)).json().error.code).toBe('NOT_FOUND')
    }
    expect((await user.inject('DELETE', `/api/v1/attachments/${file.id}`)).json().error.code).toBe('NOT_FOUND')
    const refused = await withoutTrace(api, () => upload({ 'a.txt': 'text' }, { user, task }))
    expect(refused.body.error.code).toBe('NOT_FOUND')
  }
  expect((await assignee.inject('DELETE', `/api/v1/attachments/${file.id}`)).json().error.code).toBe('FORBIDDEN')
  expect((await assignee.inject('DELETE', `/api/v1/attachments/${mine.id}`)).statusCode).toBe(200)
  expect((await api.connect().inject('GET', paths[1] as string)).json().error.code).toBe('UNAUTHENTICATED')
})

test('deleting an attachment or its task deletes the rows and enqueues deletion of the bytes', async () => {
  const task = await makeTask(ann)
  const image = await uploaded('a.jpg', jpeg, { task })
  const text = await uploaded('b.txt', 'text', { task })
  const orders = async () =>
    (await api.db.selectFrom('outbox').select('payload').where('name', '=', 'delete-files').execute()).flatMap(
      ({ payload }) => (payload as { keys: string[] }).keys,
    )
  const deleted = await ann.inject('DELETE', `/api/v1/attachments/${text.id}`)
  expect(deleted.json().data.attachment.id).toBe(text.id)
  expect((await ann.inject('GET', `/api/v1/attachments/${text.id}`)).statusCode).toBe(404)
  expect(await orders()).toEqual(expect.arrayContaining([`attachments/${text.id}/original`]))
  await ann.inject('DELETE', `/api/v1/tasks/${task}`)
  const keys = ['original', 'optimized', 'thumbnail'].map((name) => `attachments/${image.id}/${name}`)
  expect(await orders()).toEqual(expect.arrayContaining(keys))
  const events = await api.db.selectFrom('audit_pending').select('action').where('target_id', '=', text.id).execute()
  expect(events.map(({ action }) => action)).toContain('attachment.deleted')
})

test('concurrent uploads never exceed the organization’s quota, and refused ones leave nothing', async () => {
  const small = await buildTestApp({ config: { storageQuotaBytes: 1_000 } })
  await small.listen()
  const admin = await small.signUp()
  const colleague = await small.signUp({ role: 'client_user', organizationId: admin.organizationId as string })
  const tasks = [await makeTask(admin), await makeTask(colleague)]
  const responses = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      upload({ 'a.txt': 'x'.repeat(300) }, { user: index % 2 ? colleague : admin, task: tasks[index % 2] as string }),
    ),
  )
  expect(responses.map(({ status }) => status).sort()).toEqual([201, 201, 201, 409, 409, 409, 409, 409])
  expect(responses.find(({ status }) => status === 409)?.body.error.code).toBe('CONFLICT')
  const left = await stateOf(small)
  expect([left.rows, left.stored.length, left.staged]).toEqual([3, 3, []])
  const stranger = await small.signUp()
  await uploaded('b.txt', 'x'.repeat(1_000), { user: stranger, task: await makeTask(stranger) })
  await small.close()
})

test('of two uploads that compete for the rest of the quota, one is stored', async () => {
  const small = await buildTestApp({ config: { storageQuotaBytes: 1_000 } })
  await small.listen()
  const user = await small.signUp()
  const task = await makeTask(user)
  await uploaded('a.txt', 'x'.repeat(999), { user, task })
  const racing = await Promise.all(['b.txt', 'c.txt'].map((name) => upload({ [name]: 'x' }, { user, task })))
  expect(racing.map(({ status }) => status).sort()).toEqual([201, 409])
  const left = await stateOf(small)
  expect([left.rows, left.stored.length, left.staged]).toEqual([2, 2, []])
  await small.close()
})

test('a failed image shows its reason, does not count for the quota, and can be uploaded again', async () => {
  const task = await makeTask(ann)
  const image = await uploaded('photo.jpg', jpeg, { task })
  const failure_reason = 'The file is damaged or incomplete.'
  const failed = { status: 'failed', failure_reason, size_bytes: 0 }
  await api.db.updateTable('attachments').set(failed).where('id', '=', image.id).execute()
  const shown = { id: image.id, status: 'failed', failureReason: failure_reason, url: null, size: 0 }
  const bodyOf = async (path: string) => (await ann.inject('GET', path)).json().data
  expect((await bodyOf(`/api/v1/attachments/${image.id}`)).attachment).toMatchObject(shown)
  expect((await bodyOf(pathOf(task))).attachments).toMatchObject([shown])
  const listed = (await bodyOf('/api/v1/tasks?limit=100')).tasks.find(({ id }: { id: string }) => id === task)
  expect(listed.attachments).toMatchObject([shown])
  expect((await ann.inject('DELETE', `/api/v1/attachments/${image.id}`)).statusCode).toBe(200)
  const again = await uploaded('photo.jpg', jpeg, { task })
  expect((await bodyOf(pathOf(task))).attachments).toMatchObject([{ id: again.id, status: 'processing' }])
})

test('an upload without storage answers 503 with Retry-After and leaves no row', async () => {
  const other = await buildTestApp()
  await other.listen()
  const user = await other.signUp()
  const task = await makeTask(user)
  await rename(other.storageDir, `${other.storageDir}.away`)
  const { status, headers, body } = await upload({ 'a.txt': 'text' }, { user, task })
  expect([status, body.error.code, headers.get('retry-after')]).toEqual([503, 'DEPENDENCY_UNAVAILABLE', '5'])
  await rename(`${other.storageDir}.away`, other.storageDir)
  await eventually(async () => expect(await stateOf(other)).toMatchObject({ rows: 0, jobs: 0, staged: [], stored: [] }))
  await other.close()
})

test('the eleventh upload within an hour is RATE_LIMITED, with Retry-After', async () => {
  const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
  await strict.listen()
  const user = await strict.signUp()
  const task = await makeTask(user)
  for (let index = 0; index < 10; index++) await uploaded('a.txt', 'text', { user, task })
  const { status, headers, body } = await upload({ 'a.txt': 'text' }, { user, task })
  expect([status, body.error.code]).toEqual([429, 'RATE_LIMITED'])
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  await strict.close()
})
