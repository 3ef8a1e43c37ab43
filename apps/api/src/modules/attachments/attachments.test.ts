import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { crc32 } from 'node:zlib'
import { eventually } from '@muster/testing'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestPerson } from '../../testing.ts'

type Files = Record<string, Uint8Array | string> | [string, Uint8Array | string][]

const pdf = '%PDF-1.7\n%âãÏÓ\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n'
const cfb = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(1_024)])

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

const picture = (format: 'jpeg' | 'png' | 'gif' | 'webp', side = 32) =>
  sharp({ create: { width: side, height: side, channels: 3, background: 'teal' } })
    .toFormat(format)
    .toBuffer()

const makeTask = async (person: TestPerson, fields: object = {}): Promise<string> => {
  const body = { title: 'With files', dueDate: '2099-01-01T00:00:00.000Z', ...fields }
  return (await person.inject('POST', '/api/v1/tasks', body)).json().data.task.id
}

const formOf = (files: Files, field = 'files') => {
  const form = new FormData()
  for (const [name, bytes] of Array.isArray(files) ? files : Object.entries(files)) {
    form.append(field, new Blob([bytes as Uint8Array<ArrayBuffer>]), name)
  }
  return form
}
const pathOf = (task: string) => `/api/v1/tasks/${task}/attachments`
const upload = async (files: Files, { person = ann, task = taskId, field = 'files' } = {}) => {
  const response = await person.fetch(pathOf(task), { method: 'POST', body: formOf(files, field) })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Reply }
}
const uploaded = async (name: string, bytes: Uint8Array | string, options = {}): Promise<Attachment> => {
  const { status, body } = await upload({ [name]: bytes }, options)
  expect(status, JSON.stringify(body)).toBe(201)
  return body.data.attachments[0] as Attachment
}

type Attachment = {
  id: string
  filename: string
  contentType: string
  size: number
  status: string
  url: string | null
}
type Reply = {
  message: string
  data: { attachments: Attachment[] }
  error: { code: string; details?: { path: string; message: string }[] }
}

/** Every file that the API keeps, in the storage and in the staging area. */
const filesOf = async (app: TestApp) => {
  const names = async (folder: string) =>
    (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`)
  return {
    stored: await names(app.deps.config.storage.localDir),
    staged: await readdir(app.deps.config.stagingDir).catch(() => []),
  }
}
const stateOf = async (app: TestApp) => ({
  ...(await filesOf(app)),
  rows: (await app.db.selectFrom('attachments').select('id').execute()).length,
  jobs: (await app.db.selectFrom('outbox').select('id').execute()).length,
})
/** Runs something that must leave nothing behind: no row, no job, no byte. */
const withoutTrace = async <T>(app: TestApp, work: () => Promise<T>): Promise<T> => {
  const before = await stateOf(app)
  const result = await work()
  await eventually(async () => expect(await stateOf(app)).toEqual(before))
  return result
}

/** A ZIP archive with uncompressed entries. */
function zip(entries: Record<string, string>): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(entries)) {
    const data = Buffer.from(text)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt32LE(crc32(data), 10)
    fields.writeUInt32LE(data.length, 14)
    fields.writeUInt32LE(data.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), data])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), fields, tail, Buffer.from(name)]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(central.length, 8)
  end.writeUInt16LE(central.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}
const office = (part: string, type: string) =>
  zip({
    '[Content_Types].xml': `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/${part}" ContentType="application/vnd.openxmlformats-officedocument.${type}.main+xml"/></Types>`,
    [part]: '<xml/>',
  })
const docx = () => office('word/document.xml', 'wordprocessingml.document')

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

test.each([
  ['a.jpeg', () => picture('jpeg'), 'image/jpeg'],
  ['A.PNG', () => picture('png'), 'image/png'],
  ['a.gif', () => picture('gif'), 'image/gif'],
  ['a.webp', () => picture('webp'), 'image/webp'],
  ['a.pdf', () => pdf, 'application/pdf'],
  ['a.txt', () => 'Plain, with ünïcode 😀', 'text/plain; charset=utf-8'],
  ['a.doc', () => cfb, 'application/msword'],
  ['a.xls', () => cfb, 'application/vnd.ms-excel'],
  ['a.ppt', () => cfb, 'application/vnd.ms-powerpoint'],
  ['a.docx', docx, 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  [
    'a.xlsx',
    () => office('xl/workbook.xml', 'spreadsheetml.sheet'),
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  ],
  [
    'a.pptx',
    () => office('ppt/presentation.xml', 'presentationml.presentation'),
    'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  ],
])('%s is accepted', async (name, bytes, contentType) => {
  const file = await uploaded(name, await bytes())
  expect(file).toMatchObject({ filename: name, contentType })
})

test.each([
  ['script in SVG', 'a.svg', () => '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
  ['SVG named png', 'a.png', () => '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['HTML', 'a.html', () => '<html>'],
  ['a program', 'a.exe', () => 'MZ'],
  ['a program named pdf', 'a.pdf', () => 'MZ\x90\x00'],
  ['a file without extension', 'README', () => 'text'],
  ['a PNG named jpg', 'a.jpg', () => picture('png')],
  ['a PDF named png', 'a.png', () => pdf],
  ['a ZIP named docx', 'a.docx', () => zip({ 'virus.exe': 'MZ' })],
  ['a spreadsheet named docx', 'a.docx', () => office('xl/workbook.xml', 'spreadsheetml.sheet')],
  ['a docx named doc', 'a.doc', docx],
  [
    'a document with macros named docx',
    'a.docx',
    () =>
      zip({
        '[Content_Types].xml':
          '<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>',
      }),
  ],
  ['text with NUL', 'a.txt', () => 'text\0'],
  ['text in another encoding', 'a.txt', () => Buffer.from('Grüße', 'latin1')],
  ['text that ends within a character', 'a.txt', () => Buffer.from('Grüße').subarray(0, 3)],
])('%s is UNSUPPORTED_MEDIA_TYPE, and the good file beside it is not kept either', async (_name, filename, bytes) => {
  const content = await bytes()
  const { status, body } = await withoutTrace(api, () => upload({ 'good.jpg': jpeg, [filename]: content }))
  expect([status, body.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
  expect(body.message).toContain(filename)
})

test('a file of 10 MB is kept; a byte more is FILE_TOO_LARGE, an eleventh file TOO_MANY_FILES, and nothing stays', async () => {
  const sized = (bytes: number) => Buffer.concat([Buffer.from(pdf), Buffer.alloc(bytes)]).subarray(0, bytes)
  const limit = 10 * 1024 * 1024
  expect((await uploaded('full.pdf', sized(limit))).size).toBe(limit)
  const large = await withoutTrace(api, () => upload({ 'a.txt': 'fine', 'b.pdf': sized(limit + 1), 'c.txt': 'fine' }))
  expect([large.status, large.body.error.code]).toEqual([413, 'FILE_TOO_LARGE'])
  expect(large.body.message).toContain('b.pdf')
  const files = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`${index}.txt`, 'text']))
  const many = await withoutTrace(api, () => upload(files))
  expect([many.status, many.body.error.code]).toEqual([413, 'TOO_MANY_FILES'])
})

test('ten files of 10 MB pass through without lying in memory', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const liveBytes = () => {
    collect()
    return process.memoryUsage().arrayBuffers
  }
  const mebibyte = Buffer.alloc(1024 * 1024, 'text ')
  const before = liveBytes()
  let highest = 0
  async function* body() {
    for (let file = 0; file < 10; file++) {
      yield Buffer.from(`--x\r\ncontent-disposition: form-data; name="files"; filename="${file}.txt"\r\n\r\n`)
      for (let sent = 0; sent < 10; sent++) yield mebibyte
      yield Buffer.from('\r\n')
      highest = Math.max(highest, liveBytes() - before)
    }
    yield Buffer.from('--x--\r\n')
  }
  const response = await ann.fetch(pathOf(taskId), {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    body: ReadableStream.from(body()),
    duplex: 'half',
  } as RequestInit)
  expect(response.status).toBe(201)
  expect(highest).toBeLessThan(40 * 1024 * 1024)
})

test.each([
  ['no file', () => new FormData(), 'body.files'],
  ['an empty file', () => formOf({ 'a.txt': '' }), 'body.files'],
  ['files under another name', () => formOf({ 'a.txt': 'text' }, 'file'), 'body.file'],
  [
    'a value instead of a file',
    () => {
      const form = new FormData()
      form.append('files', 'text')
      return form
    },
    'body.files',
  ],
])('an upload with %s is refused, naming the field', async (_name, form, path) => {
  const response = await withoutTrace(api, () => ann.fetch(pathOf(taskId), { method: 'POST', body: form() }))
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { code: 'VALIDATION_FAILED', details: [{ path }] } })
})

test('what is no multipart is UNSUPPORTED_MEDIA_TYPE; multipart that can’t be read is VALIDATION_FAILED', async () => {
  const send = (body: string, type: string) => ann.inject('POST', pathOf(taskId), body, { 'content-type': type })
  expect((await send('{}', 'application/json')).json().error.code).toBe('UNSUPPORTED_MEDIA_TYPE')
  const part = '--x\r\ncontent-disposition: form-data; name="files"; filename="a.txt"\r\n\r\ntext'
  for (const [body, type] of [
    [part, 'multipart/form-data'],
    [part, 'multipart/form-data; boundary=x'],
    ['nothing', 'multipart/form-data; boundary=x'],
    [`${part}\r\n--x--\r\n`.replace('filename', '__proto__'), 'multipart/form-data; boundary=x'],
    [`${part}\r\n--x--\r\n`.replace('"files"', '"__proto__"'), 'multipart/form-data; boundary=x'],
  ] as const) {
    const response = await withoutTrace(api, () => send(body, type))
    expect([response.statusCode, response.json().error.code], body).toEqual([400, 'VALIDATION_FAILED'])
  }
})

test.each([
  ['../../etc/passwd.txt', 'passwd.txt'],
  ['C:\\Windows\\system.txt', 'system.txt'],
  ['.hidden.txt', 'hidden.txt'],
  ['a\u202etxt.exe.txt', 'atxt.exe.txt'],
  ['tab\tand\u0007bell.txt', 'tabandbell.txt'],
  [`${'😀'.repeat(300)}.txt`, `${'😀'.repeat(251)}.txt`],
  ['Überblick “neu” ✓.txt', 'Überblick “neu” ✓.txt'],
])('a file named %j is kept as %j', async (name, kept) => {
  const file = await uploaded(name, 'text')
  expect(file.filename).toBe(kept)
  expect((await filesOf(api)).stored).toContain(`${api.deps.config.storage.localDir}/attachments/${file.id}/original`)
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
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
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

  test('answers HEAD with its length and no bytes', async () => {
    const response = await ann.fetch(`/api/v1/attachments/${file.id}/content`, { method: 'HEAD' })
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '10', ''])
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
  const base = await buildTestApp()
  const { storage } = base.deps.config
  await base.close()
  const small = await buildTestApp({ config: { storage: { ...storage, quotaBytes: 1_000 } } })
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

test('storage that is away answers 503 with Retry-After and keeps no row', async () => {
  const other = await buildTestApp()
  await other.listen()
  const person = await other.signUp()
  const task = await makeTask(person)
  await writeFile(other.deps.config.storage.localDir, 'a file where the folder should be')
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

/** Begins an upload by hand, promises more than it sends, and gives back the socket. */
const opening = '--x\r\ncontent-disposition: form-data; name="files"; filename="a.txt"\r\n\r\nbeginning'
const closing = '\r\n--x--\r\n'
const restBytes = 100_000
const beginUpload = (task = taskId) => {
  const { port } = api.app.server.address() as { port: number }
  const socket = connectSocket(port, '127.0.0.1')
  const cookie = [...ann.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  socket.write(
    `POST ${pathOf(task)} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncookie: ${cookie}\r\n` +
      `content-length: ${opening.length + restBytes + closing.length}\r\n` +
      `content-type: multipart/form-data; boundary=x\r\n\r\n${opening}`,
  )
  return socket
}
const staged = async () => (await filesOf(api)).staged.filter((name) => name.startsWith('upload-'))

test('a task that is deleted during an upload answers NOT_FOUND, and nothing stays', async () => {
  const task = await makeTask(ann)
  await withoutTrace(api, async () => {
    const socket = beginUpload(task)
    await eventually(async () => expect(await staged()).toHaveLength(1))
    expect((await ann.inject('DELETE', `/api/v1/tasks/${task}`)).statusCode).toBe(200)
    socket.write(`${'x'.repeat(restBytes)}${closing}`)
    let answer = ''
    for await (const chunk of socket) answer += chunk
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
  })
})

test('what a killed process left in the staging area goes at the next start; a running upload stays', async () => {
  const stagingDir = await mkdtemp(join(tmpdir(), 'muster-staging-'))
  const hourAgo = new Date(Date.now() - 3_600_000)
  for (const name of ['upload-old', 'upload-new']) await mkdir(join(stagingDir, name))
  await writeFile(join(stagingDir, 'upload-old', '0'), 'left')
  await utimes(join(stagingDir, 'upload-old'), hourAgo, hourAgo)
  const other = await buildTestApp({ config: { stagingDir } })
  expect(await readdir(stagingDir)).toEqual(['upload-new'])
  await other.close()
  await rm(stagingDir, { recursive: true })
})

test('a connection that breaks off leaves nothing', async () => {
  await withoutTrace(api, async () => {
    const socket = beginUpload()
    await eventually(async () => expect(await staged()).toHaveLength(1))
    socket.destroy()
  })
})

test('an upload that stands still is ended after 15 s and leaves nothing', async () => {
  await withoutTrace(api, async () => {
    const socket = beginUpload()
    const startedAtMs = Date.now()
    let answer = ''
    // Ends when the server closes the connection.
    for await (const chunk of socket) answer += chunk
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('stood still')
    expect(Date.now() - startedAtMs).toBeGreaterThan(14_000)
  })
}, 30_000)
