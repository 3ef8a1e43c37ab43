import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestPerson } from '../../testing.ts'
import { picture } from '../../uploads/sample-files.ts'
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
} from './upload-fixtures.ts'

let api: TestApp
let ann: TestPerson
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

const upload = (files: Files, target: { person?: TestPerson; task?: string; field?: string } = {}) =>
  uploadTo({ person: ann, task: taskId, ...target }, files)
const uploaded = (name: string, bytes: Uint8Array | string, target: { person?: TestPerson; task?: string } = {}) =>
  attachTo({ person: ann, task: taskId, ...target }, name, bytes)

test('files are kept with rows, jobs and audit events; images wait for the image worker, documents are ready', async () => {
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
  expect(notes).toMatchObject({ status: 'ready', size: 7, url: `/api/v1/attachments/${notes.id}/content` })
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

test('those who see the task see its files; for all others they are not there', async () => {
  const admin = await api.signUp()
  const [assignee, colleague, stranger] = await Promise.all([
    api.signUp({ role: 'client_user', organizationId: admin.organizationId as string }),
    api.signUp({ role: 'client_user', organizationId: admin.organizationId as string }),
    api.signUp(),
  ])
  const task = await makeTask(admin, { assigneeId: assignee.userId })
  const file = await uploaded('a.txt', 'text', { person: admin, task })
  const mine = await uploaded('b.txt', 'text', { person: assignee, task })
  const paths = [`/api/v1/attachments/${file.id}`, `/api/v1/attachments/${file.id}/content`, pathOf(task)]
  for (const path of paths) expect((await assignee.inject('GET', path)).statusCode).toBe(200)
  for (const person of [colleague, stranger]) {
    for (const path of [...paths, `/api/v1/attachments/${file.id}/thumbnail`]) {
      expect((await person.inject('GET', path)).json().error.code).toBe('NOT_FOUND')
    }
    expect((await person.inject('DELETE', `/api/v1/attachments/${file.id}`)).json().error.code).toBe('NOT_FOUND')
    const refused = await withoutTrace(api, () => upload({ 'a.txt': 'text' }, { person, task }))
    expect(refused.body.error.code).toBe('NOT_FOUND')
  }
  expect((await assignee.inject('DELETE', `/api/v1/attachments/${file.id}`)).json().error.code).toBe('FORBIDDEN')
  expect((await assignee.inject('DELETE', `/api/v1/attachments/${mine.id}`)).statusCode).toBe(200)
  expect((await api.connect().inject('GET', paths[1] as string)).json().error.code).toBe('UNAUTHENTICATED')
})

describe('content', () => {
  const text = '0123456789'
  let file: Attachment
  const read = (headers: Record<string, string> = {}) =>
    ann.fetch(`/api/v1/attachments/${file.id}/content`, { headers })

  beforeAll(async () => {
    file = await uploaded(`Zähler 'eins'.txt`, text)
  })

  test('is served so that nothing in it can run and no shared cache keeps it', async () => {
    const response = await read()
    expect(response.status).toBe(200)
    expect(await response.text()).toBe(text)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '10',
      'content-disposition': `attachment; filename="Zahler 'eins'.txt"; filename*=UTF-8''Z%C3%A4hler%20%27eins%27.txt`,
      'content-security-policy': expect.stringContaining('sandbox'),
      'x-content-type-options': 'nosniff',
      'cache-control': expect.stringContaining('private'),
      'accept-ranges': 'bytes',
      etag: expect.any(String),
    })
    const again = await read({ 'if-none-match': response.headers.get('etag') as string })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-99', 206, text, 'bytes 0-9/10'],
    ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
    ['bytes=4-2', 200, text, null],
    ['bytes=0-1,4-5', 200, text, null],
    ['lines=1-2', 200, text, null],
  ])('range %s answers %i with %j', async (range, status, body, contentRange) => {
    const response = await read({ range })
    expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([
      status,
      body,
      contentRange,
    ])
  })

  test.each(['bytes=10-', 'bytes=-0'])(
    'range %s, of which the file has nothing, answers 416 with its size',
    async (range) => {
      const response = await read({ range })
      expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */10'])
      expect(await response.json()).toMatchObject({ success: false, error: { code: 'RANGE_NOT_SATISFIABLE' } })
    },
  )

  test('If-Range with another tag gives the whole file', async () => {
    const etag = (await read()).headers.get('etag') as string
    expect((await read({ range: 'bytes=0-1', 'if-range': etag })).status).toBe(206)
    expect((await read({ range: 'bytes=0-1', 'if-range': '"old"' })).status).toBe(200)
  })

  test('long text is not compressed, so that its length and ranges stay true', async () => {
    const long = await uploaded('long.txt', 'text '.repeat(10_000))
    const headers = { 'accept-encoding': 'gzip, br' }
    const response = await ann.fetch(`/api/v1/attachments/${long.id}/content`, { headers })
    expect(response.headers.get('content-encoding')).toBeNull()
    expect((await response.text()).length).toBe(50_000)
  })

  test('of an image comes only when the image worker is done with it', async () => {
    const image = await uploaded('photo.jpg', jpeg)
    const get = (variant: string) => ann.fetch(`/api/v1/attachments/${image.id}/${variant}`)
    for (const variant of ['content', 'thumbnail']) {
      const waiting = await get(variant)
      expect([waiting.status, waiting.headers.get('retry-after')]).toEqual([409, '2'])
      expect(await waiting.json()).toMatchObject({ error: { code: 'CONFLICT' } })
    }
    const [webp, thumbnail] = await Promise.all([picture('webp', 24), picture('webp', 8)])
    const key = (name: string) => `attachments/${image.id}/${name}`
    const put = async (name: string, bytes: Buffer) => {
      const path = `${api.deps.config.stagingDir}/${image.id}`
      await writeFile(path, bytes)
      await api.deps.storage.put(key(name), path)
    }
    await put('optimized', webp)
    await put('thumbnail', thumbnail)
    const ready = {
      status: 'ready',
      content_type: 'image/webp',
      size_bytes: 250,
      original_size_bytes: 1_000,
      optimized_size_bytes: 250,
      storage_key: key('optimized'),
      thumbnail_key: key('thumbnail'),
      width_px: 24,
      height_px: 24,
    }
    await api.db.updateTable('attachments').set(ready).where('id', '=', image.id).execute()
    expect((await ann.inject('GET', `/api/v1/attachments/${image.id}`)).json().data.attachment).toMatchObject({
      status: 'ready',
      size: 250,
      width: 24,
      thumbnailUrl: `/api/v1/attachments/${image.id}/thumbnail`,
      optimizationStats: { originalSize: 1_000, optimizedSize: 250, compressionRatio: 75 },
    })
    const content = await get('content')
    expect(content.headers.get('content-type')).toBe('image/webp')
    expect(content.headers.get('content-disposition')).toContain('inline; filename="photo.webp"')
    expect(Buffer.from(await content.arrayBuffer())).toEqual(webp)
    expect(Buffer.from(await (await get('thumbnail')).arrayBuffer())).toEqual(thumbnail)

    const failed = { status: 'failed', failure_reason: 'The image is broken.' }
    await api.db.updateTable('attachments').set(failed).where('id', '=', image.id).execute()
    expect((await get('content')).status).toBe(409)
  })

  test('answers HEAD with its length and no bytes, and has no ranges for it', async () => {
    const head = (headers: Record<string, string> = {}) =>
      ann.fetch(`/api/v1/attachments/${file.id}/content`, { method: 'HEAD', headers })
    const response = await head()
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '10', ''])
    expect((await read()).headers.get('etag')).toBe(response.headers.get('etag'))
    const ranged = await head({ range: 'bytes=2-4' })
    expect([ranged.status, ranged.headers.get('content-length')]).toEqual([200, '10'])
    expect((await head({ 'if-none-match': response.headers.get('etag') as string })).status).toBe(304)
  })

  test.each([
    ['W/', (etag: string) => `W/${etag}`, 304],
    ['one of several', (etag: string) => `"other", ${etag}`, 304],
    ['any', () => '*', 304],
    ['another', () => '"other"', 200],
  ])('If-None-Match with %s tag is honoured', async (_name, tagOf, status) => {
    const etag = (await read()).headers.get('etag') as string
    const response = await read({ 'if-none-match': tagOf(etag), range: 'bytes=0-1' })
    expect(response.status).toBe(status === 200 ? 206 : status)
    expect(response.headers.get('etag')).toBe(etag)
    await response.text()
  })

  test('of a document has no thumbnail', async () => {
    expect((await ann.inject('GET', `/api/v1/attachments/${file.id}/thumbnail`)).json().error.code).toBe('NOT_FOUND')
  })
})

test('deleting a file removes its row and orders the deletion of its bytes; deleting a task that of all of them', async () => {
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

test('uploads at once never overdraw the quota of the organization, and what is refused leaves nothing', async () => {
  const small = await buildTestApp({ config: { storageQuotaBytes: 1_000 } })
  await small.listen()
  const admin = await small.signUp()
  const colleague = await small.signUp({ role: 'client_user', organizationId: admin.organizationId as string })
  const tasks = [await makeTask(admin), await makeTask(colleague)]
  const responses = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      upload({ 'a.txt': 'x'.repeat(300) }, { person: index % 2 ? colleague : admin, task: tasks[index % 2] as string }),
    ),
  )
  expect(responses.map(({ status }) => status).sort()).toEqual([201, 201, 201, 409, 409, 409, 409, 409])
  expect(responses.find(({ status }) => status === 409)?.body.error.code).toBe('CONFLICT')
  const left = await stateOf(small)
  expect([left.rows, left.stored.length, left.staged]).toEqual([3, 3, []])
  const stranger = await small.signUp()
  await uploaded('b.txt', 'x'.repeat(1_000), { person: stranger, task: await makeTask(stranger) })
  await small.close()
})

test('of two uploads that race for the last byte of the quota one is kept', async () => {
  const small = await buildTestApp({ config: { storageQuotaBytes: 1_000 } })
  await small.listen()
  const person = await small.signUp()
  const task = await makeTask(person)
  await uploaded('a.txt', 'x'.repeat(999), { person, task })
  const racing = await Promise.all(['b.txt', 'c.txt'].map((name) => upload({ [name]: 'x' }, { person, task })))
  expect(racing.map(({ status }) => status).sort()).toEqual([201, 409])
  const left = await stateOf(small)
  expect([left.rows, left.stored.length, left.staged]).toEqual([2, 2, []])
  await small.close()
})

test('an image that failed says why wherever it is listed, counts for nothing, and makes way for another try', async () => {
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

test('storage that is away answers 503 with Retry-After and keeps no row', async () => {
  const other = await buildTestApp()
  await other.listen()
  const person = await other.signUp()
  const task = await makeTask(person)
  await writeFile(other.storageDir, 'a file where the folder should be')
  const { status, headers, body } = await upload({ 'a.txt': 'text' }, { person, task })
  expect([status, body.error.code, headers.get('retry-after')]).toEqual([503, 'DEPENDENCY_UNAVAILABLE', '5'])
  expect(await stateOf(other)).toMatchObject({ rows: 0, jobs: 0, staged: [] })
  await other.close()
})

test('the eleventh upload within an hour is RATE_LIMITED, with Retry-After', async () => {
  const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
  await strict.listen()
  const person = await strict.signUp()
  const task = await makeTask(person)
  for (let index = 0; index < 10; index++) await uploaded('a.txt', 'text', { person, task })
  const { status, headers, body } = await upload({ 'a.txt': 'text' }, { person, task })
  expect([status, body.error.code]).toEqual([429, 'RATE_LIMITED'])
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  await strict.close()
})
