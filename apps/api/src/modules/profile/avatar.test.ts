import { rename } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { newId } from '@muster/db'
import { avatarKeys } from '@muster/storage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { docx, pdf, picture } from '../../http/uploads/testing/sample-files.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { type Files, filesOf, formOf, makeTask, pathOf } from '../attachments/testing/upload-fixtures.ts'

let api: TestApp
let png: Buffer

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
  png = await picture('png')
})
afterAll(() => api.close())

const path = '/api/v1/users/me/avatar'
const put = async (person: TestUser, files: Files, field = 'file') => {
  const response = await person.fetch(path, { method: 'PUT', body: formOf(files, field) })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Reply }
}
type Reply = { message: string; data: { user: { avatarUrl: string | null } }; error: { code: string } }

const rowOf = ({ userId }: TestUser) =>
  api.db
    .selectFrom('users')
    .select(['avatar_key', 'avatar_status', 'avatar_upload_id', 'version'])
    .where('id', '=', userId)
    .executeTakeFirstOrThrow()
const urlOf = async (person: TestUser): Promise<string | null> =>
  (await person.inject('GET', '/api/v1/users/me')).json().data.user.avatarUrl
const jobsOf = async (name: string) =>
  (await api.db.selectFrom('outbox').select('payload').where('name', '=', name).orderBy('id').execute()).map(
    ({ payload }) => payload,
  )
const filesToDelete = async () => ((await jobsOf('delete-files')) as { keys: string[] }[]).flatMap(({ keys }) => keys)
const storedOf = async ({ userId }: TestUser) =>
  (await filesOf(api)).stored.filter((name) => name.includes(userId)).length

/** Does what the image worker does when the avatar is ready. */
async function finish({ userId }: TestUser, bytes = 'the picture') {
  const { avatar_upload_id } = await rowOf({ userId } as TestUser)
  const { picture: key } = avatarKeys(userId, avatar_upload_id as string)
  await api.deps.storage.put(key, Readable.from([Buffer.from(bytes)]))
  await api.db
    .updateTable('users')
    .set((eb) => ({ avatar_key: key, avatar_status: 'ready', avatar_upload_id: null, version: eb('version', '+', 1) }))
    .where('id', '=', userId)
    .execute()
  await api.redis.del(`user:profile:v1:${userId}`)
  return key
}
const withAvatar = async (options: { organizationId?: string } = {}) => {
  const person = await api.signUp(options)
  await put(person, { 'me.png': png })
  const key = await finish(person)
  return { person, key, url: (await urlOf(person)) as string }
}

test('an upload enqueues its processing, and the current avatar stays until that is done', async () => {
  const { person, key, url } = await withAvatar()
  const { status, body } = await put(person, { 'me.webp': await picture('webp') })
  expect([status, body.data.user.avatarUrl]).toEqual([202, url])
  const row = await rowOf(person)
  expect(row).toMatchObject({ avatar_key: key, avatar_status: 'processing' })
  expect(await jobsOf('optimize-avatar')).toContainEqual({ userId: person.userId, uploadId: row.avatar_upload_id })
  const { original } = avatarKeys(person.userId, row.avatar_upload_id as string)
  expect(await buffer((await api.deps.storage.open(original)).stream)).toEqual(await picture('webp'))
  await finish(person)
  expect(await urlOf(person)).not.toBe(url)
  expect((await filesOf(api)).staged).toEqual([])
})

test.each([
  ['a PDF', { 'a.pdf': () => pdf }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['a document', { 'a.docx': docx }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['a PNG named jpg', { 'a.jpg': () => picture('png') }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['script in SVG', { 'a.svg': () => '<svg><script>1</script></svg>' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['an empty file', { 'a.png': () => '' }, 400, 'VALIDATION_FAILED'],
  ['more than 10 MiB', { 'a.png': () => Buffer.alloc(10 * 1024 ** 2 + 1) }, 413, 'FILE_TOO_LARGE'],
  ['two images', { 'a.png': () => picture('png'), 'b.png': () => picture('png') }, 413, 'TOO_MANY_FILES'],
  ['nothing', {}, 400, 'VALIDATION_FAILED'],
])('%s is refused and changes nothing', async (_name, given, status, code) => {
  const person = await api.signUp()
  const entries = Object.entries(given as Record<string, () => Promise<Buffer> | Buffer | string>)
  const files = Object.fromEntries(await Promise.all(entries.map(async ([name, make]) => [name, await make()])))
  const refused = await put(person, files)
  expect([refused.status, refused.body.error.code]).toEqual([status, code])
  expect(await rowOf(person)).toMatchObject({ avatar_key: null, avatar_status: null, version: 1 })
  expect(await storedOf(person)).toBe(0)
})

test('another field, or a body that is not a form, is refused', async () => {
  const person = await api.signUp()
  expect((await put(person, { 'a.png': png }, 'files')).body.error.code).toBe('VALIDATION_FAILED')
  expect((await person.inject('PUT', path, { file: 'x' })).statusCode).toBe(415)
})

test('of uploads at once the last one counts, and the files of all others are deleted', async () => {
  const person = await api.signUp()
  const answers = await Promise.all(Array.from({ length: 10 }, () => put(person, { 'me.png': png })))
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(202))
  const { avatar_upload_id } = await rowOf(person)
  const own = (await jobsOf('optimize-avatar')) as { userId: string; uploadId: string }[]
  const uploads = own.filter(({ userId }) => userId === person.userId).map(({ uploadId }) => uploadId)
  expect(uploads).toHaveLength(10)
  const gone = uploads.filter((id) => id !== avatar_upload_id)
  expect(gone).toHaveLength(9)
  expect(await filesToDelete()).toEqual(
    expect.arrayContaining(gone.map((id) => avatarKeys(person.userId, id).original)),
  )
})

test('removing the avatar deletes its files and those of an upload in process; again it does nothing', async () => {
  const { person, key } = await withAvatar()
  await put(person, { 'me.png': png })
  const { avatar_upload_id } = await rowOf(person)
  const removed = await person.inject('DELETE', path)
  expect([removed.statusCode, removed.json().data.user.avatarUrl]).toEqual([200, null])
  expect(await rowOf(person)).toMatchObject({ avatar_key: null, avatar_status: null, avatar_upload_id: null })
  expect(await filesToDelete()).toEqual(
    expect.arrayContaining([key, ...Object.values(avatarKeys(person.userId, avatar_upload_id as string))]),
  )
  expect((await person.inject('DELETE', path)).statusCode).toBe(200)
  const events = await api.db
    .selectFrom('audit_pending')
    .select('action')
    .where('target_id', '=', person.userId)
    .orderBy('id')
    .execute()
  expect(events.map(({ action }) => action)).toEqual([
    'user.avatar_uploaded',
    'user.avatar_uploaded',
    'user.avatar_removed',
  ])
})

test('an avatar is served so that no code in it can run and no shared cache stores it', async () => {
  const { person, url } = await withAvatar()
  const response = await person.fetch(url)
  expect([response.status, await response.text()]).toEqual([200, 'the picture'])
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/webp',
    'content-disposition': expect.stringContaining('inline'),
    'content-security-policy': expect.stringContaining('sandbox'),
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, max-age=3600',
  })
  const etag = response.headers.get('etag') as string
  const again = await person.fetch(url, { headers: { 'if-none-match': etag } })
  expect([again.status, await again.text()]).toEqual([304, ''])
  const [unversioned] = url.split('?') as [string]
  for (const other of [unversioned, `${unversioned}?v=${newId()}`]) {
    expect((await person.fetch(other)).headers.get('cache-control')).toBe('private, no-cache')
  }
  expect((await api.connect().inject('GET', url)).statusCode).toBe(401)
  expect((await person.inject('GET', `${unversioned}?v=old`)).statusCode).toBe(400)
})

test('an avatar is visible to members, to strangers by its versioned URL, to blocked users never', async () => {
  const { person, url } = await withAvatar()
  const [unversioned] = url.split('?') as [string]
  const colleague = await api.signUp({ role: 'client_user', organizationId: person.organizationId as string })
  const stranger = await api.signUp()
  expect((await colleague.inject('GET', unversioned)).statusCode).toBe(200)
  expect((await stranger.inject('GET', unversioned)).statusCode).toBe(404)
  expect((await stranger.inject('GET', `${unversioned}?v=${newId()}`)).statusCode).toBe(404)
  const { username } = (await person.inject('GET', '/api/v1/users/me')).json().data.user
  const [found] = (await stranger.inject('GET', `/api/v1/users?q=${username}`)).json().data.users
  expect(found.avatarUrl).toBe(url)
  expect((await stranger.inject('GET', found.avatarUrl)).statusCode).toBe(200)
  await person.inject('POST', `/api/v1/friends/${stranger.userId}/block`)
  expect((await stranger.inject('GET', url)).statusCode).toBe(404)
  expect((await colleague.inject('GET', `/api/v1/users/${stranger.userId}/avatar`)).statusCode).toBe(404)
})

test('avatars and attachments share one upload limit', async () => {
  const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
  await strict.listen()
  const person = await strict.signUp()
  const task = await makeTask(person)
  for (let index = 0; index < 5; index++) {
    expect((await put(person, { 'me.png': png })).status).toBe(202)
    const attached = await person.fetch(pathOf(task), { method: 'POST', body: formOf({ 'a.png': png }) })
    expect(attached.status).toBe(201)
  }
  const refused = await put(person, { 'me.png': png })
  expect([refused.status, refused.body.error.code]).toEqual([429, 'RATE_LIMITED'])
  await strict.close()
})

test('while storage is unavailable an upload gets 503 and enqueues nothing', async () => {
  const other = await buildTestApp()
  await other.listen()
  const person = await other.signUp()
  await rename(other.storageDir, `${other.storageDir}.away`)
  const refused = await put(person, { 'me.png': png })
  expect([refused.status, refused.body.error.code]).toEqual([503, 'DEPENDENCY_UNAVAILABLE'])
  expect(await other.db.selectFrom('outbox').selectAll().execute()).toEqual([])
  expect(await other.db.selectFrom('users').select('avatar_upload_id').execute()).toEqual([{ avatar_upload_id: null }])
  await other.close()
})
