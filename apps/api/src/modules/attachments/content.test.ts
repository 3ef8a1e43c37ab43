import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { picture } from '../../http/uploads/testing/sample-files.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { type Attachment, attachTo, makeTask } from './testing/upload-fixtures.ts'

let api: TestApp
let ann: TestUser
let taskId: string
let jpeg: Buffer

const text = '0123456789'
let file: Attachment
const uploaded = (name: string, bytes: Uint8Array | string) => attachTo({ user: ann, task: taskId }, name, bytes)
const read = (headers: Record<string, string> = {}) => ann.fetch(`/api/v1/attachments/${file.id}/content`, { headers })

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
  ann = await api.signUp()
  taskId = await makeTask(ann)
  jpeg = await picture('jpeg')
  file = await uploaded(`Zähler 'eins'.txt`, text)
})
afterAll(() => api.close())

test('content is served with headers that prevent scripts and shared caching', async () => {
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

test('If-Range with another ETag returns the whole file', async () => {
  const etag = (await read()).headers.get('etag') as string
  expect((await read({ range: 'bytes=0-1', 'if-range': etag })).status).toBe(206)
  expect((await read({ range: 'bytes=0-1', 'if-range': '"old"' })).status).toBe(200)
})

test('text is not compressed, so that its length and ranges stay correct', async () => {
  const long = await uploaded('long.txt', 'text '.repeat(10_000))
  const headers = { 'accept-encoding': 'gzip, br' }
  const response = await ann.fetch(`/api/v1/attachments/${long.id}/content`, { headers })
  expect(response.headers.get('content-encoding')).toBeNull()
  expect((await response.text()).length).toBe(50_000)
})

test('the content of an image is served only after the image worker has processed it', async () => {
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
    thumbnailUrl: `http://localhost:3000/api/v1/attachments/${image.id}/thumbnail`,
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

test('HEAD answers with the length and no body, and ignores ranges', async () => {
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
])('If-None-Match with %s ETag answers as RFC 9110 says', async (_name, tagOf, status) => {
  const etag = (await read()).headers.get('etag') as string
  const response = await read({ 'if-none-match': tagOf(etag), range: 'bytes=0-1' })
  expect(response.status).toBe(status === 200 ? 206 : status)
  expect(response.headers.get('etag')).toBe(etag)
  await response.text()
})

test('the thumbnail of a document is NOT_FOUND', async () => {
  expect((await ann.inject('GET', `/api/v1/attachments/${file.id}/thumbnail`)).json().error.code).toBe('NOT_FOUND')
})
