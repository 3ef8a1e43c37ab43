import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createStorage, type Storage } from './index.ts'

let folder: string
let storage: Storage

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-storage-'))
  storage = createStorage({ driver: 'local', localDir: join(folder, 'files') })
})
afterEach(() => rm(folder, { recursive: true }))

const read = async (key: string, range?: { start: number; end?: number }) =>
  text((await storage.open(key, range)).stream)
const keys = async (prefix: string) => (await Array.fromAsync(storage.list(prefix))).map(({ key }) => key).sort()

test('what is put, from a file or a stream, is read back, and replaces what was there', async () => {
  const source = join(folder, 'source')
  await writeFile(source, 'from a file')
  expect(await storage.put('attachments/1/original', source)).toEqual({ sizeBytes: 11 })
  expect(await read('attachments/1/original')).toBe('from a file')
  await storage.put('attachments/1/original', Readable.from([Buffer.from('from '), Buffer.from('a stream')]))
  expect(await read('attachments/1/original')).toBe('from a stream')
  expect(await storage.stat('attachments/1/original')).toMatchObject({ sizeBytes: 13, modifiedAt: expect.any(Date) })
  expect(await keys('')).toEqual(['attachments/1/original'])
})

test('a range gives its bytes and the size of the whole', async () => {
  await storage.put('a', Readable.from([Buffer.from('0123456789')]))
  expect(await read('a', { start: 2, end: 4 })).toBe('234')
  expect(await read('a', { start: 7 })).toBe('789')
  expect(await read('a', { start: 7, end: 99 })).toBe('789')
  const last = await storage.open('a', { start: 9, end: 9 })
  expect(last.sizeBytes).toBe(10)
  expect(await text(last.stream)).toBe('9')
  await expect(storage.open('a', { start: 10 })).rejects.toThrow(RangeError)
  await expect(storage.open('a', { start: 5, end: 4 })).rejects.toThrow(RangeError)
})

test('a put that breaks off leaves what was there and no bytes of its own', async () => {
  await storage.put('a/b', Readable.from([Buffer.from('old')]))
  const breaking = Readable.from(
    (async function* () {
      yield Buffer.from('new')
      throw new Error('connection lost')
    })(),
  )
  await expect(storage.put('a/b', breaking)).rejects.toThrow('connection lost')
  expect(await read('a/b')).toBe('old')
  expect(await readdir(join(folder, 'files', 'a'))).toEqual(['b'])
})

test('readers of a key that is being replaced see the old bytes or the new ones, never a mixture', async () => {
  const size = 256 * 1024
  const put = (letter: string) => storage.put('a', Readable.from([Buffer.alloc(size, letter)]))
  await put('a')
  const writing = (async () => {
    for (const letter of 'bcdefgh') await put(letter)
  })()
  let isWriting = true
  writing.finally(() => {
    isWriting = false
  })
  while (isWriting) {
    const bytes = await buffer((await storage.open('a')).stream)
    expect(bytes.equals(Buffer.alloc(size, bytes[0]))).toBe(true)
  }
  await writing
})

test.each([
  '../secret',
  'a/../../secret',
  '/etc/passwd',
  'a//b',
  'a/',
  '',
  '.hidden',
  'a\\b',
  'a\0b',
  'a/./b',
  'ä',
  'x'.repeat(513),
])('%j is refused as a key', async (key) => {
  await writeFile(join(folder, 'secret'), 'secret')
  await expect(storage.open(key)).rejects.toThrow('no storage key')
  await expect(storage.put(key, Readable.from([Buffer.from('x')]))).rejects.toThrow('no storage key')
  await expect(storage.stat(key)).rejects.toThrow('no storage key')
  await expect(storage.remove(['a', key])).rejects.toThrow('no storage key')
  expect(await readdir(folder)).toEqual(['secret'])
})

test('what is not stored is NOT_FOUND to open, undefined to stat, and no error to remove', async () => {
  await storage.put('a/b', Readable.from([Buffer.from('x')]))
  for (const key of ['none', 'a', 'a/none', 'a/b/c']) {
    await expect(storage.open(key)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await storage.stat(key)).toBeUndefined()
  }
  await storage.remove(['none', 'a/none'])
  expect(await read('a/b')).toBe('x')
})

test('removing the last file of a folder removes the folder', async () => {
  for (const key of ['x/1/a', 'x/1/b', 'x/2/a']) await storage.put(key, Readable.from([Buffer.from('x')]))
  await storage.remove(['x/1/a'])
  expect(await keys('')).toEqual(['x/1/b', 'x/2/a'])
  await storage.remove(['x/1/b'])
  expect(await readdir(join(folder, 'files', 'x'))).toEqual(['2'])
})

test('a list holds exactly the keys that begin with the prefix', async () => {
  for (const key of ['a/1/x', 'a/10/x', 'a/2/x', 'b/1']) await storage.put(key, Readable.from([Buffer.from('x')]))
  expect(await keys('a/')).toEqual(['a/1/x', 'a/10/x', 'a/2/x'])
  expect(await keys('a/1')).toEqual(['a/1/x', 'a/10/x'])
  expect(await keys('c/')).toEqual([])
})

test('storage that refuses is DEPENDENCY_UNAVAILABLE with Retry-After, for later', async () => {
  await expect(storage.open('a/b')).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' })
  // A file where the folder should be: it refuses also those who may write everywhere.
  await writeFile(join(folder, 'files'), 'in the way')
  await expect(storage.put('a/b', Readable.from([Buffer.from('x')]))).rejects.toMatchObject({
    code: 'DEPENDENCY_UNAVAILABLE',
    status: 503,
    retryAfterSeconds: 5,
  })
  await expect(storage.open('a/b')).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' })
})
