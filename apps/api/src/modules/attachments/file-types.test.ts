import { afterAll, beforeAll, expect, test } from 'vitest'
import { extensionsOf } from '../../http/uploads/file-types.ts'
import { compound, docx, pdf, picture, protectedOffice } from '../../http/uploads/testing/sample-files.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { attachTo, makeTask, uploadTo } from './testing/upload-fixtures.ts'

let api: TestApp
let ann: TestUser
let task: string

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
  ann = await api.signUp()
  task = await makeTask(ann)
})
afterAll(() => api.close())

const openXml = 'application/vnd.openxmlformats-officedocument'
const utf16 = Buffer.from('\ufeffGrüße', 'utf16le')
const heic = Buffer.concat([Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), Buffer.alloc(500)])
const jpegNames = ['a.jfif', 'a.jpe', 'a.pjpeg', 'a.pjp', 'A.JPG', 'A.JfIf']
const protectedTypes = [
  ['a.docx', `${openXml}.wordprocessingml.document`],
  ['a.xlsx', `${openXml}.spreadsheetml.sheet`],
  ['a.PPTX', `${openXml}.presentationml.presentation`],
] as const

test.each(jpegNames)('a JPEG named %s is taken, as attachment and as avatar', async (name) => {
  const bytes = await picture('jpeg')
  expect(await attachTo({ user: ann, task }, name, bytes)).toMatchObject({ filename: name, contentType: 'image/jpeg' })
  const form = new FormData()
  form.append('file', new Blob([bytes as Uint8Array<ArrayBuffer>]), name)
  expect((await ann.fetch('/api/v1/users/me/avatar', { method: 'PUT', body: form })).status).toBe(202)
})

test.each([
  ['line ends', '\r\n'],
  ['a byte order mark', '\ufeff'],
  ['the headers of a mail', 'Content-Type: application/pdf\r\n\r\n'],
  ['1019 bytes', ' '.repeat(1_019)],
])('a PDF with %s before its header is taken', async (_name, before) => {
  const file = await attachTo({ user: ann, task }, 'a.pdf', `${before}${pdf}`)
  expect(file.contentType).toBe('application/pdf')
})

test.each(protectedTypes)('%s with a password is taken', async (name, contentType) => {
  expect(await attachTo({ user: ann, task }, name, protectedOffice())).toMatchObject({ filename: name, contentType })
})

test.each([
  ['a.doc', ['WordDocument'], ['Workbook']],
  ['a.xls', ['Book'], ['WordDocument']],
  ['a.xls', ['\u0005SummaryInformation', '1', '2', '3', '4', '5', '6', 'WORKBOOK'], []],
])('the old document %s with the streams %j, and %j of a document within it, is taken', async (name, top, inner) => {
  expect(await attachTo({ user: ann, task }, name, compound(top, inner))).toMatchObject({ filename: name })
})

test('a text with a byte order mark is taken', async () => {
  expect((await attachTo({ user: ann, task }, 'a.txt', '\ufeffGrüße')).contentType).toBe('text/plain; charset=utf-8')
})

const accepted = `Accepted are ${extensionsOf(['image', 'document']).join(' ')}.`

test.each<[string, string, () => Uint8Array | string | Promise<Uint8Array>, string]>([
  ['another type', 'a.heic', () => heic, `a.heic is not of an accepted type. ${accepted}`],
  ['no extension', 'README', () => 'text', `README has no extension. ${accepted}`],
  [
    'a HEIC photo as jpg',
    'a.jpg',
    () => heic,
    `The content of a.jpg is of the type HEIC, which is not accepted. ${accepted}`,
  ],
  [
    'a PNG as jpg',
    'a.jpg',
    () => picture('png'),
    'The content of a.jpg is of the type PNG. Its name must end with .png.',
  ],
  [
    'a JPEG as png',
    'a.png',
    () => picture('jpeg'),
    'The content of a.png is of the type JPG. Its name must end with .jpg or .jpeg or .jpe or .jfif or .pjpeg or .pjp.',
  ],
  ['a docx as doc', 'a.doc', docx, 'The content of a.doc is of the type DOCX. Its name must end with .docx.'],
  [
    'an old document as docx',
    'a.docx',
    () => compound(['WordDocument']),
    'The content of a.docx is of the type DOC. Its name must end with .doc.',
  ],
  [
    'an old workbook as doc',
    'a.doc',
    () => compound(['Workbook']),
    'The content of a.doc is of the type XLS. Its name must end with .xls.',
  ],
  [
    'a mail of Outlook as doc, also with a document within it',
    'a.doc',
    () => compound(['__properties_version1.0'], ['WordDocument']),
    `The content of a.doc is of the type CFB, which is not accepted. ${accepted}`,
  ],
  [
    'a damaged compound file as doc',
    'a.doc',
    () => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(1_024)]),
    `The content of a.doc is of the type CFB, which is not accepted. ${accepted}`,
  ],
  [
    'a JPEG as text',
    'a.txt',
    () => picture('jpeg'),
    'The content of a.txt is of the type JPG. Its name must end with .jpg or .jpeg or .jpe or .jfif or .pjpeg or .pjp.',
  ],
  [
    'a document with a password as text',
    'a.txt',
    protectedOffice,
    'The content of a.txt is an Office document with a password. Its name must end with .docx or .xlsx or .pptx.',
  ],
  [
    'a PDF whose header is too late',
    'a.pdf',
    () => `${' '.repeat(1_020)}${pdf}`,
    'The content of a.pdf is text. Its name must end with .txt.',
  ],
  ['text as png', 'a.png', () => 'Grüße', 'The content of a.png is text. Its name must end with .txt.'],
  ['text as docx', 'a.docx', () => 'Grüße', 'The content of a.docx is text. Its name must end with .txt.'],
  [
    'a PDF behind line ends as png',
    'a.png',
    () => `\r\n${pdf}`,
    'The content of a.png is of the type PDF. Its name must end with .pdf.',
  ],
  [
    'unknown bytes as png',
    'a.png',
    () => new Uint8Array(500),
    `a.png does not contain what its name says, or is damaged. ${accepted}`,
  ],
  ['text in UTF-16', 'a.txt', () => utf16, 'a.txt is not text in UTF-8. Save it with the encoding UTF-8.'],
])('%s is refused in words that say what to do', async (_name, filename, bytes, message) => {
  const { status, body } = await uploadTo({ user: ann, task }, { [filename]: await bytes() })
  expect([status, body.error.code, body.message]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE', message])
})

test('an avatar that is a document is refused, with the types of images', async () => {
  const form = new FormData()
  form.append('file', new Blob([pdf]), 'a.pdf')
  const answer = await ann.fetch('/api/v1/users/me/avatar', { method: 'PUT', body: form })
  const { message } = (await answer.json()) as { message: string }
  expect([answer.status, message]).toEqual([
    415,
    `a.pdf is not of an accepted type. Accepted are ${extensionsOf(['image']).join(' ')}.`,
  ])
})
