import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { S3Config, Storage } from '../storage.ts'
import { type S3Server, startS3Server } from '../testing/s3-server.ts'
import { createS3Storage } from './driver.ts'

let server: S3Server
let storage: Storage
/** Has low time limits, so that their tests are short. */
let impatient: Storage

beforeEach(async () => {
  server = await startS3Server()
  storage = createS3Storage(server.config)
  impatient = createS3Storage(server.config, { answerMs: 300, uploadMs: 1_000, idleMs: 300 })
})
afterEach(() => server.close())

const key = 'attachments/1/original'
const put = (content = '0123456789', to = storage) => to.put(key, Readable.from([Buffer.from(content)]))
const open = async (from = storage) => text((await from.open(key)).stream)
const calls: Record<string, (storage: Storage) => Promise<unknown>> = {
  put: (to) => put('text', to),
  open: (to) => to.open(key),
  stat: (to) => to.stat(key),
  remove: (to) => to.remove([key]),
  list: (to) => Array.fromAsync(to.list('attachments/')),
}
const every = Object.entries(calls)
const faultsOf = (to: Storage) =>
  Promise.all(
    every.map(([, call]) =>
      call(to).then(
        () => undefined,
        (error: Error) => error,
      ),
    ),
  )
/** The limits of waiting for a state. */
const eventually = { timeout: 10_000, interval: 25 }

test('files lie below the prefix, each written by one request with its length and checksum', async () => {
  await put()
  expect([...server.objects.keys()]).toEqual(['muster/attachments/1/original'])
  expect(server.requests).toEqual([expect.stringMatching('^PUT /muster-test/muster/attachments/1/original')])
  const other = createS3Storage({ ...server.config, prefix: 'apps/other' })
  expect(await Array.fromAsync(other.list(''))).toEqual([])
})

test('servers that know no checksums get none', async () => {
  const plain = createS3Storage({ ...server.config, checksums: 'when-required' })
  await put('0'.repeat(1_000_000), plain)
  expect(await open(plain)).toHaveLength(1_000_000)
  await plain.remove([key])
  expect(server.objects.size).toBe(0)
})

describe.each<[string, Partial<S3Config>, RegExp]>([
  [
    'key',
    { credentials: { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'wrong-Secret' } },
    /InvalidAccessKeyId.*S3_ACCESS_KEY_ID/,
  ],
  [
    'secret',
    { credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'wrong-Secret' } },
    /SignatureDoesNotMatch.*S3_SECRET/,
  ],
  [
    'bucket',
    { bucket: 'another-bucket' },
    /NoSuchBucket.*another-bucket does not exist. Create it, or correct S3_BUCKET/,
  ],
])('with a wrong %s', (what, wrong, expected) => {
  test('every call throws StorageUnavailableError with what to do and without a credential', async () => {
    await put()
    const faults = await faultsOf(createS3Storage({ ...server.config, ...wrong }))
    for (const [index, fault] of faults.entries()) {
      expect(fault).toMatchObject({ name: 'StorageUnavailableError', retryAfterSeconds: 5 })
      const told = inspect(fault, { depth: 20, showHidden: true })
      // An answer to HEAD tells no more than 403.
      expect(told).toMatch(every[index]?.[0] === 'stat' && what !== 'bucket' ? /403 AccessDenied/ : expected)
      expect(told).not.toMatch(/wrong-Secret|AKIAUNKNOWN|Signature=/)
    }
    expect(server.objects.size).toBe(1)
  })
})

test('missing permissions and a wrong region are named with what to do', async () => {
  const told = async (answers: number, code: string) => {
    server.trouble = { answers, code }
    return inspect(await storage.open(key).catch((error: Error) => error), { depth: 20 })
  }
  expect(await told(403, 'AccessDenied')).toMatch(
    /may not use the bucket muster-test. Allow them s3:GetObject.*s3:ListBucket/,
  )
  expect(await told(301, 'PermanentRedirect')).toMatch(/not in the region us-east-1. Correct S3_REGION/)
  expect(await told(403, 'RequestTimeTooSkewed')).toMatch(/clock of this machine is wrong/)
})

test.each([500, 502, 503, 429])('a server that answers %i is unavailable, and a retry succeeds', async (answers) => {
  await put()
  server.trouble = { answers, code: 'SlowDown' }
  for (const fault of await faultsOf(storage)) expect(fault).toMatchObject({ name: 'StorageUnavailableError' })
  server.trouble = undefined
  for (const fault of await faultsOf(storage)) expect(fault).toBeUndefined()
})

test('one internal error of the server is retried at once', async () => {
  await put('old')
  const before = server.requests.length
  server.trouble = { answers: 500, code: 'InternalError' }
  const again = put('new')
  await expect.poll(() => server.requests.length, { timeout: 10_000, interval: 1 }).toBeGreaterThan(before)
  server.trouble = undefined
  await again.catch(() => put('new'))
  expect(await open()).toBe('new')
})

test('each call ends at its time limit while the server is frozen, and is not waited for', async () => {
  await put()
  server.trouble = { hangs: true }
  const startedAtMs = performance.now()
  for (const fault of await faultsOf(impatient)) expect(fault).toMatchObject({ name: 'StorageUnavailableError' })
  // Below the default limits, with room for a busy machine.
  expect(performance.now() - startedAtMs).toBeLessThan(4_900)
  // One idle connection is kept.
  await expect.poll(() => server.connections(), eventually).toBeLessThanOrEqual(1)
})

test('a server that hangs up or is not reachable makes each call throw StorageUnavailableError', async () => {
  await put()
  server.trouble = { leaves: true }
  for (const fault of await faultsOf(storage)) expect(fault).toMatchObject({ name: 'StorageUnavailableError' })
  await server.close()
  for (const fault of await faultsOf(storage))
    expect(fault).toMatchObject({ name: 'StorageUnavailableError', cause: { code: 'ECONNREFUSED' } })
})

test('a download that breaks off or stalls fails its stream with StorageUnavailableError', async () => {
  await put('x'.repeat(200_000))
  server.trouble = { cutsAt: 70_000 }
  await expect(open()).rejects.toMatchObject({ name: 'StorageUnavailableError' })
  server.trouble = { stallsAt: 70_000 }
  await expect(open(impatient)).rejects.toMatchObject({ name: 'StorageUnavailableError' })
})

test('a source that stalls ends the upload, and neither its bytes nor a temporary file remain', async () => {
  const [folder, before] = [await mkdtemp(join(tmpdir(), 'muster-s3-test-')), process.env.TMPDIR]
  process.env.TMPDIR = folder
  try {
    const stalled = Readable.from(
      (async function* () {
        yield Buffer.from('beginning')
        await new Promise(() => {})
      })(),
    )
    await expect(impatient.put('a', stalled)).rejects.toMatchObject({ name: 'StorageUnavailableError' })
    expect([server.objects.size, await readdir(folder)]).toEqual([0, []])
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    await rm(folder, { recursive: true })
  }
})

test('a reader that stops early or never starts closes the connection', async () => {
  await put('x'.repeat(5_000_000))
  const { stream } = await storage.open(key)
  for await (const _ of stream) break
  const unread = await storage.open(key)
  unread.stream.destroy()
  await expect.poll(() => server.connections(), eventually).toBeLessThanOrEqual(1)
})
