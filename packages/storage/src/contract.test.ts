import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createCloudinaryStorage } from './cloudinary/driver.ts'
import { createStorage, type Storage, type StorageDriver } from './index.ts'
import { ownedStorage } from './ownership/owned-storage.ts'
import { withFallback } from './ownership/with-fallback.ts'
import { createS3Storage } from './s3/driver.ts'
import { startCloudinaryPeer } from './testing/cloudinary-peer.ts'
import { startS3Server } from './testing/s3-server.ts'

/** An empty storage, how to disturb it until the returned function is called, and how to remove it. */
type Opened = {
  storage: Storage
  driver?: StorageDriver
  disturb(): Promise<() => Promise<void>>
  close(): Promise<void>
}

const smallPages = { listPageSize: 25 }

const drivers: Record<string, () => Promise<Opened>> = {
  async local() {
    const folder = await mkdtemp(join(tmpdir(), 'muster-storage-'))
    const storage = createStorage({ driver: 'local', localDir: folder })
    const disturb = async () => {
      await rename(folder, `${folder}-unmounted`)
      return () => rename(`${folder}-unmounted`, folder)
    }
    return { storage, driver: storage, disturb, close: () => rm(folder, { recursive: true }) }
  },
  async cloudinary() {
    const peer = await startCloudinaryPeer()
    const storage = createCloudinaryStorage(peer.config, smallPages)
    return { storage, driver: storage, disturb: () => answering503(peer), close: peer.close }
  },
  async s3() {
    const server = await startS3Server()
    const storage = createS3Storage(server.config, smallPages)
    return { storage, driver: storage, disturb: () => answering503(server), close: server.close }
  },
  async 's3 with the other store of a move'() {
    const [server, folder] = [await startS3Server(), await mkdtemp(join(tmpdir(), 'muster-storage-'))]
    const owned = (driver: StorageDriver) => ownedStorage(driver, { readInstallationId: async () => 'a', place: 'It' })
    const local = createStorage({ driver: 'local', localDir: folder })
    const storage = withFallback(owned(createStorage(server.config)), owned(local))
    const close = async () => {
      await server.close()
      await rm(folder, { recursive: true })
    }
    return { storage, disturb: () => answering503(server), close }
  },
}

async function answering503(server: { trouble?: object | undefined }) {
  server.trouble = { answers: 503, code: 'SlowDown' }
  return async () => {
    server.trouble = undefined
  }
}

describe.each(Object.keys(drivers))('%s', (name) => {
  let opened: Opened
  let storage: Storage

  beforeAll(async () => {
    opened = (await drivers[name]?.()) as Opened
    storage = opened.storage
  })
  afterAll(() => opened.close())
  beforeEach(async () => {
    const stored = await keys('')
    if (stored.length > 0) await storage.remove(stored)
  })

  const put = (key: string, content: string) => storage.put(key, Readable.from([Buffer.from(content)]))
  const read = async (key: string, range?: { start: number; end?: number }) =>
    text((await storage.open(key, range)).stream)
  const keys = async (prefix: string) => (await Array.fromAsync(storage.list(prefix))).map(({ key }) => key).sort()

  test('content from a file or a stream is read back, and replaces the previous content', async () => {
    const source = join(await mkdtemp(join(tmpdir(), 'muster-storage-')), 'source')
    await writeFile(source, 'from a file')
    expect(await storage.put('attachments/1/original', source)).toEqual({ sizeBytes: 11 })
    await rm(source)
    expect(await read('attachments/1/original')).toBe('from a file')
    await storage.put('attachments/1/original', Readable.from([Buffer.from('from '), Buffer.from('a stream')]))
    expect(await read('attachments/1/original')).toBe('from a stream')
    expect(await storage.stat('attachments/1/original')).toMatchObject({ sizeBytes: 13, modifiedAt: expect.any(Date) })
    expect(await keys('')).toEqual(['attachments/1/original'])
  })

  test('ten megabytes with bytes of every value come back unchanged', async () => {
    const bytes = Buffer.alloc(10 * 1024 ** 2, Buffer.from(Array.from({ length: 256 }, (_, value) => value)))
    const chunks = Array.from({ length: 160 }, (_, index) => bytes.subarray(index * 65_536, (index + 1) * 65_536))
    expect(await storage.put('a', Readable.from(chunks))).toEqual({ sizeBytes: bytes.length })
    const { stream, sizeBytes } = await storage.open('a')
    expect(sizeBytes).toBe(bytes.length)
    expect((await buffer(stream)).equals(bytes)).toBe(true)
  })

  test('a file is copied to a local path, and a missing one throws FileNotStoredError', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-storage-'))
    const { signal } = new AbortController()
    await put('a/b', 'some text')
    await storage.copyTo('a/b', join(folder, 'copy'), signal)
    expect(await readFile(join(folder, 'copy'), 'utf8')).toBe('some text')
    await expect(storage.copyTo('a/c', join(folder, 'other'), signal)).rejects.toMatchObject({
      name: 'FileNotStoredError',
    })
    await rm(folder, { recursive: true })
  })

  test('a range returns its bytes and the size of the whole file', async () => {
    await put('a', '0123456789')
    expect(await read('a', { start: 2, end: 4 })).toBe('234')
    expect(await read('a', { start: 7 })).toBe('789')
    expect(await read('a', { start: 7, end: 99 })).toBe('789')
    const last = await storage.open('a', { start: 9, end: 9 })
    expect(last.sizeBytes).toBe(10)
    expect(await text(last.stream)).toBe('9')
    await expect(storage.open('a', { start: 10 })).rejects.toThrow(RangeError)
    await expect(storage.open('a', { start: 5, end: 4 })).rejects.toThrow(RangeError)
  })

  test('a put that breaks off leaves the previous content and no other file', async () => {
    await put('a/b', 'old')
    const breaking = Readable.from(
      (async function* () {
        yield Buffer.from('new')
        throw new Error('connection lost')
      })(),
    )
    await expect(storage.put('a/b', breaking)).rejects.toThrow('connection lost')
    expect(await read('a/b')).toBe('old')
    expect(await keys('')).toEqual(['a/b'])
  })

  test('readers during a replacement get the old or the new bytes, never a mixture', async () => {
    const size = 256 * 1024
    await put('a', 'a'.repeat(size))
    let isWriting = true
    const writing = (async () => {
      for (const letter of 'bcdefgh') await put('a', letter.repeat(size))
    })().finally(() => {
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
    await expect(storage.open(key)).rejects.toThrow('not a storage key')
    await expect(put(key, 'x')).rejects.toThrow('not a storage key')
    await expect(storage.stat(key)).rejects.toThrow('not a storage key')
    await expect(storage.remove(['a', key])).rejects.toThrow('not a storage key')
    expect(await keys('')).toEqual([])
  })

  test('a missing file throws FileNotStoredError on open, is undefined on stat and ignored on remove', async () => {
    await put('a/b', 'x')
    for (const key of ['none', 'a', 'a/none', 'a/b/c']) {
      await expect(storage.open(key)).rejects.toMatchObject({ name: 'FileNotStoredError' })
      expect(await storage.stat(key)).toBeUndefined()
    }
    await storage.remove(['none', 'a/none'])
    await storage.remove([])
    expect(await read('a/b')).toBe('x')
  })

  test('a list contains exactly the keys with the prefix, also beyond one page', async () => {
    for (const key of ['a/1/x', 'a/10/x', 'a/2/x', 'b/1']) await put(key, 'x')
    expect(await keys('a/')).toEqual(['a/1/x', 'a/10/x', 'a/2/x'])
    expect(await keys('a/1')).toEqual(['a/1/x', 'a/10/x'])
    expect(await keys('c/')).toEqual([])
    const many = Array.from({ length: 60 }, (_, index) => `many/${String(index).padStart(2, '0')}`)
    await Promise.all(many.map((key) => put(key, 'x')))
    const found = await Array.fromAsync(storage.list('many/'))
    expect(found.map(({ key }) => key).sort()).toEqual(many)
    for (const { modifiedAt } of found) expect(Math.abs(Date.now() - modifiedAt.getTime())).toBeLessThan(60_000)
  })

  test('of concurrent puts of one key, one wins as a whole', async () => {
    const texts = Array.from({ length: 8 }, (_, index) => String(index).repeat(100_000 + index))
    const sizes = await Promise.all(texts.map((content) => put('a/b', content)))
    expect(sizes).toEqual(texts.map(({ length }) => ({ sizeBytes: length })))
    expect(texts).toContain(await read('a/b'))
    expect(await keys('')).toEqual(['a/b'])
  })

  test('the longest key and every allowed character work', async () => {
    const key = `A-z_0.9/${'x'.repeat(100)}/${'y'.repeat(100)}/${'z'.repeat(100)}/${'w'.repeat(200)}`
    await put(key, 'x')
    expect([await read(key), await keys('A-z_0.9/')]).toEqual(['x', [key]])
  })

  test('files that are removed while a list is read disturb neither', async () => {
    for (const key of ['a/1', 'a/2', 'a/3']) await put(key, 'x')
    const found: string[] = []
    for await (const { key } of storage.list('a/')) {
      found.push(key)
      await storage.remove(['a/1', 'a/2', 'a/3'])
    }
    expect(['a/1', 'a/2', 'a/3']).toEqual(expect.arrayContaining(found))
    expect(await keys('')).toEqual([])
  })

  test('more keys than one request of a store takes are removed by one call', async () => {
    await put('a/0', 'x')
    // Cloudinary takes one file a request.
    const length = name === 'cloudinary' ? 60 : 1_100
    await storage.remove(Array.from({ length }, (_, index) => `a/${index}`))
    expect(await keys('')).toEqual([])
  })

  test('a copy that is aborted ends with the reason of its signal', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-storage-'))
    await put('a', 'x')
    if (name !== 'local')
      await expect(storage.copyTo('a', join(folder, 'copy'), AbortSignal.abort())).rejects.toMatchObject({
        name: 'AbortError',
      })
    await rm(folder, { recursive: true })
  })

  test('a store that refuses makes every call throw StorageUnavailableError, and all work again afterwards', async () => {
    await put('a/b', 'x')
    const { signal } = new AbortController()
    const copy = join(tmpdir(), 'muster-storage-copy')
    const mend = await opened.disturb()
    const calls = [
      put('a/c', 'x'),
      storage.open('a/b'),
      storage.open('a/b', { start: 0 }),
      storage.stat('a/b'),
      storage.copyTo('a/b', copy, signal),
      // The local driver has nothing to remove or to list in a folder that is not there.
      ...(name === 'local' ? [] : [storage.remove(['a/b']), keys('')]),
    ]
    const faults = await Promise.all(calls.map((call) => call.catch((error: Error) => error)))
    for (const fault of faults)
      expect(fault).toMatchObject({ name: 'StorageUnavailableError', retryAfterSeconds: expect.any(Number) })
    await mend()
    expect([await read('a/b'), await keys('')]).toEqual(['x', ['a/b']])
  })

  test('files without an owner are claimed once, and only a replacement changes the owner', async () => {
    const { driver } = opened
    if (!driver) return
    expect(await driver.owner.read()).toBeUndefined()
    await driver.owner.claim('first')
    await driver.owner.claim('second')
    expect(await driver.owner.read()).toBe('first')
    await driver.owner.replace('second')
    expect(await driver.owner.read()).toBe('second')
    expect(await keys('')).toEqual([])
  })
})
