import { type CloudinaryPeer, startCloudinaryPeer } from '@muster/storage/testing'
import { eventually } from '@muster/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { picture } from '../../http/uploads/testing/sample-files.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { attachTo, formOf, makeTask, uploadTo, withoutTrace } from './testing/upload-fixtures.ts'

let peer: CloudinaryPeer
let api: TestApp
let ann: TestUser
let task: string
const logged: string[] = []

beforeAll(async () => {
  peer = await startCloudinaryPeer()
  api = await buildTestApp({
    config: { storage: peer.config, logLevel: 'info' },
    onLog: (line) => logged.push(JSON.stringify(line)),
  })
  await api.listen()
  ann = await api.signUp()
  task = await makeTask(ann)
})
afterEach(() => {
  peer.trouble = undefined
})
afterAll(async () => {
  await api.close()
  await peer.close()
})

const attach = (name: string, bytes: Uint8Array | string) => attachTo({ user: ann, task }, name, bytes)
const read = (id: string, init: RequestInit = {}) => ann.fetch(`/api/v1/attachments/${id}/content`, init)
const publicIdOf = (id: string) => `muster/attachments/${id}/original`

test('an upload is stored in Cloudinary unchanged and served by the API alone', async () => {
  const text = '0123456789'.repeat(50_000)
  const file = await attach('Zähler.txt', text)
  expect(peer.files.get(publicIdOf(file.id))?.bytes.toString()).toBe(text)
  expect(JSON.stringify(file)).not.toMatch(/cloudinary|demo/)
  const response = await read(file.id)
  expect(await response.text()).toBe(text)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-length': '500000',
    'content-disposition': `attachment; filename="Zahler.txt"; filename*=UTF-8''Z%C3%A4hler.txt`,
    'content-security-policy': expect.stringContaining('sandbox'),
    'cache-control': expect.stringContaining('private'),
  })
  expect((await api.connect().inject('GET', `/api/v1/attachments/${file.id}/content`)).statusCode).toBe(401)
})

test('ranges, ETags and HEAD answer as they do with the local driver', async () => {
  const file = await attach('a.txt', '0123456789')
  const part = await read(file.id, { headers: { range: 'bytes=-3' } })
  expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([206, '789', 'bytes 7-9/10'])
  expect((await read(file.id, { headers: { range: 'bytes=10-' } })).status).toBe(416)
  const etag = part.headers.get('etag') as string
  const asked = peer.requests.length
  expect((await read(file.id, { headers: { 'if-none-match': etag } })).status).toBe(304)
  expect(peer.requests.length).toBe(asked)
  const head = await read(file.id, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10'])
  expect(peer.requests.slice(asked)).toEqual([expect.stringMatching(/^HEAD /)])
})

test.each([500, 503, 429, 401])(
  'an upload that Cloudinary answers with %i is 503 with Retry-After, and leaves nothing',
  async (answers) => {
    const { status, headers, body } = await withoutTrace(api, async () => {
      peer.trouble = { answers }
      const refused = await uploadTo({ user: ann, task }, { 'a.txt': 'text', 'b.txt': 'text' })
      peer.trouble = undefined
      return refused
    })
    expect([status, body.error.code]).toEqual([503, 'DEPENDENCY_UNAVAILABLE'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  },
)

test('the files of a refused upload are destroyed', async () => {
  const small = await buildTestApp({ config: { storage: peer.config, storageQuotaBytes: 1_000 } })
  await small.listen()
  const user = await small.signUp()
  const own = await makeTask(user)
  const before = peer.files.size
  const answers = await Promise.all(
    ['a', 'b', 'c'].map((name) => uploadTo({ user, task: own }, { [`${name}.txt`]: 'x'.repeat(600) })),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409])
  await eventually(() => expect(peer.files.size).toBe(before + 1))
  await small.close()
})

test('content is 503 when Cloudinary fails and 404 when it has lost the file', async () => {
  const file = await attach('a.txt', 'text')
  peer.trouble = { answers: 500 }
  const away = await read(file.id)
  expect([away.status, away.headers.get('retry-after')]).toEqual([503, '5'])
  peer.trouble = undefined
  peer.files.delete(publicIdOf(file.id))
  expect((await read(file.id)).status).toBe(404)
})

test('an avatar is stored in Cloudinary too', async () => {
  const init = { method: 'PUT', body: formOf({ 'me.png': await picture('png') }, 'file') }
  expect((await ann.fetch('/api/v1/users/me/avatar', init)).status).toBe(202)
  expect(
    [...peer.files.keys()].filter((publicId) => publicId.startsWith(`muster/avatars/${ann.userId}/`)),
  ).toHaveLength(1)
})

test('no secret of the Cloudinary account is logged on any failure', async () => {
  expect(logged.join('\n')).toContain('Cloudinary')
  expect(logged.join('\n')).not.toContain(peer.config.apiSecret)
})
