import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createStorage, type Storage } from './index.ts'

let folder: string
let storage: Storage

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-storage-'))
  storage = createStorage({ driver: 'local', localDir: join(folder, 'files') })
})
afterEach(() => rm(folder, { recursive: true }))

const put = (key: string) => storage.put(key, Readable.from([Buffer.from('x')]))

test('a put that breaks off leaves no file beside its target', async () => {
  await put('a/b')
  const breaking = Readable.from(
    (async function* () {
      yield Buffer.from('new')
      throw new Error('connection lost')
    })(),
  )
  await expect(storage.put('a/b', breaking)).rejects.toThrow('connection lost')
  expect(await readdir(join(folder, 'files', 'a'))).toEqual(['b'])
})

test('a key that leads out of the folder is refused without effect', async () => {
  await writeFile(join(folder, 'secret'), 'secret')
  await expect(storage.open('../secret')).rejects.toThrow('not a storage key')
  await expect(put('../other')).rejects.toThrow('not a storage key')
  expect((await readdir(folder)).sort()).toEqual(['files', 'secret'])
  expect(await readdir(join(folder, 'files'))).toEqual(['.muster-files'])
})

test('removing the last file of a folder removes the folder', async () => {
  for (const key of ['x/1/a', 'x/1/b', 'x/2/a']) await put(key)
  await storage.remove(['x/1/a'])
  expect((await readdir(join(folder, 'files', 'x'))).sort()).toEqual(['1', '2'])
  await storage.remove(['x/1/b'])
  expect(await readdir(join(folder, 'files', 'x'))).toEqual(['2'])
})

test.each(['no folder', 'an empty folder'])(
  'with %s in place of the storage folder, no file is stored and no file is reported as missing',
  async (instead) => {
    await put('a/b')
    const [files, aside] = [join(folder, 'files'), join(folder, 'aside')]
    await rename(files, aside)
    if (instead === 'an empty folder') await mkdir(files)
    const unavailable = { name: 'StorageUnavailableError', retryAfterSeconds: 5 }
    await expect(put('a/c')).rejects.toMatchObject(unavailable)
    await expect(storage.open('a/b')).rejects.toMatchObject(unavailable)
    await expect(storage.stat('a/b')).rejects.toMatchObject(unavailable)
    await rm(files, { recursive: true, force: true })
    await rename(aside, files)
    await put('a/c')
    expect((await storage.open('a/b')).sizeBytes).toBe(1)
    await expect(storage.open('a/d')).rejects.toMatchObject({ name: 'FileNotStoredError' })
  },
)

test('a file system that refuses throws StorageUnavailableError with a time to retry', async () => {
  await put('a/b')
  await rm(join(folder, 'files'), { recursive: true })
  // A file in place of the folder is refused even for root.
  await writeFile(join(folder, 'files'), 'in the way')
  await expect(put('a/b')).rejects.toMatchObject({ name: 'StorageUnavailableError', retryAfterSeconds: 5 })
  await expect(storage.open('a/b')).rejects.toMatchObject({ name: 'StorageUnavailableError' })
})
