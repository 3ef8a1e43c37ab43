import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collectGarbage, eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compound, docx, office, pdf, picture, zip } from '../../http/uploads/testing/sample-files.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import {
  attachTo,
  type Files,
  filesOf,
  formOf,
  makeTask,
  pathOf,
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

test.each([
  ['a.jpeg', () => picture('jpeg'), 'image/jpeg'],
  ['A.PNG', () => picture('png'), 'image/png'],
  ['a.gif', () => picture('gif'), 'image/gif'],
  ['a.webp', () => picture('webp'), 'image/webp'],
  ['a.pdf', () => pdf, 'application/pdf'],
  ['a.txt', () => 'Plain, with ünïcode 😀', 'text/plain; charset=utf-8'],
  ['a.doc', () => compound(['WordDocument']), 'application/msword'],
  ['a.xls', () => compound(['Workbook']), 'application/vnd.ms-excel'],
  ['a.ppt', () => compound(['PowerPoint Document']), 'application/vnd.ms-powerpoint'],
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

const heic = Buffer.concat([Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), Buffer.alloc(500)])

test.each([
  ['script in SVG', 'a.svg', () => '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
  ['SVG named png', 'a.png', () => '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['HTML', 'a.html', () => '<html>'],
  ['a program', 'a.exe', () => 'MZ'],
  ['a program named pdf', 'a.pdf', () => 'MZ\x90\x00'],
  ['a file without extension', 'README', () => 'text'],
  ['a HEIC photo', 'a.heic', () => heic],
  ['a HEIC photo named jpg', 'a.jpg', () => heic],
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
])(
  '%s is UNSUPPORTED_MEDIA_TYPE, and the valid file beside it is not stored either',
  async (_name, filename, bytes) => {
    const content = await bytes()
    const { status, body } = await withoutTrace(api, () => upload({ 'good.jpg': jpeg, [filename]: content }))
    expect([status, body.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
    expect(body.message).toContain(filename)
  },
)

test('a file of 10 MiB is stored; one byte or one file too many leaves nothing', async () => {
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

test('ten files of 10 MiB are streamed, not held in memory', async () => {
  const liveBytes = () => {
    collectGarbage()
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

test('a body that is not multipart is UNSUPPORTED_MEDIA_TYPE; broken multipart, VALIDATION_FAILED', async () => {
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
  ['with an empty name', '; filename=""\r\ncontent-type: text/plain'],
  ['without a name', '\r\ncontent-type: application/octet-stream'],
  ['named by dots and slashes alone', '; filename="../../.."'],
  ['named by control characters alone', '; filename="\u0001\u0002"'],
])('a file %s has no type and is refused', async (_name, disposition) => {
  const body = `--x\r\ncontent-disposition: form-data; name="files"${disposition}\r\n\r\ntext\r\n--x--\r\n`
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  const response = await withoutTrace(api, () => ann.inject('POST', pathOf(taskId), body, headers))
  expect([response.statusCode, response.json().error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
})

test.each([
  ['../../etc/passwd.txt', 'passwd.txt'],
  ['C:\\Windows\\system.txt', 'system.txt'],
  ['.hidden.txt', 'hidden.txt'],
  ['a\u202etxt.exe.txt', 'atxt.exe.txt'],
  ['tab\tand\u0007bell.txt', 'tabandbell.txt'],
  [`${'😀'.repeat(300)}.txt`, `${'😀'.repeat(251)}.txt`],
  ['Überblick “neu” ✓.txt', 'Überblick “neu” ✓.txt'],
  ['Cafe\u0301.txt', 'Café.txt'],
  ['می\u200cخواهم.txt', 'می\u200cخواهم.txt'],
  [
    '👩\u200d💻 🇦🇹 🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} 1\ufe0f\u20e3.txt',
    '👩\u200d💻 🇦🇹 🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} 1\ufe0f\u20e3.txt',
  ],
  [`${'👩\u200d💻'.repeat(100)}.txt`, `${'👩\u200d💻'.repeat(83)}.txt`],
  [`${'🇦🇹'.repeat(126)}.txt`, `${'🇦🇹'.repeat(125)}.txt`],
  ['\u2067שלום\u2069\u200f.txt', 'שלום.txt'],
  ['．．／x.txt', '．．／x.txt'],
  ['報告書.txt', '報告書.txt'],
  ['.txt', 'file.txt'],
  ['\u202e.txt', 'file.txt'],
  ['notes.txt. . ', 'notes.txt'],
])('a file named %j is stored under the name %j', async (name, kept) => {
  const file = await uploaded(name, 'text')
  expect(file.filename).toBe(kept)
  expect((await filesOf(api)).stored).toContain(`attachments/${file.id}/original`)
})

/** Starts an upload on a raw socket that announces more bytes than it sends. @returns the socket */
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

test('an upload whose task is deleted meanwhile is NOT_FOUND and leaves nothing', async () => {
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

test('a start removes staged files of a killed process, not those of a running upload', async () => {
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

test('a connection that breaks during an upload leaves nothing', async () => {
  await withoutTrace(api, async () => {
    const socket = beginUpload()
    await eventually(async () => expect(await staged()).toHaveLength(1))
    socket.destroy()
  })
})

test('an upload without progress is ended after 15 s and leaves nothing', async () => {
  await withoutTrace(api, async () => {
    const socket = beginUpload()
    const startedAtMs = Date.now()
    let answer = ''
    // Ends when the server closes the connection.
    for await (const chunk of socket) answer += chunk
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('The upload stalled')
    expect(Date.now() - startedAtMs).toBeGreaterThan(14_000)
  })
}, 30_000)

test('uploads answer 503 while the staging area is missing, and work again with it', async () => {
  const { stagingDir } = api.deps.config
  await rm(stagingDir, { recursive: true, force: true })
  await writeFile(stagingDir, 'in the way')
  const refused = await upload({ 'a.txt': 'text' })
  expect([refused.status, refused.body.error.code]).toEqual([503, 'DEPENDENCY_UNAVAILABLE'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(JSON.stringify(refused.body)).not.toContain(stagingDir)
  await rm(stagingDir)
  await uploaded('a.txt', 'text')
})
