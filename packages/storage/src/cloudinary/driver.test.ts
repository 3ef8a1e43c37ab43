import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createStorage, type Storage } from '../index.ts'
import type { CloudinaryConfig } from '../storage.ts'
import { type CloudinaryPeer, startCloudinaryPeer } from '../testing/cloudinary-peer.ts'
import { createCloudinaryStorage } from './driver.ts'

let peer: CloudinaryPeer
let storage: Storage
/** Has low time limits, so that their tests are short. */
let impatient: Storage

beforeEach(async () => {
  peer = await startCloudinaryPeer()
  storage = createCloudinaryStorage(peer.config)
  impatient = createCloudinaryStorage(peer.config, { answerMs: 300, uploadMs: 1_000, idleMs: 300 })
})
afterEach(() => peer.close())

const put = (content = '0123456789', to = storage) =>
  to.put('attachments/1/original', Readable.from([Buffer.from(content)]))
const open = async (range?: { start: number; end?: number }, from = storage) => {
  const { stream } = await from.open('attachments/1/original', range)
  return text(stream)
}
const calls: Record<string, (storage: Storage) => Promise<unknown>> = {
  put: (to) => put('text', to),
  open: (to) => to.open('attachments/1/original'),
  stat: (to) => to.stat('attachments/1/original'),
  remove: (to) => to.remove(['attachments/1/original']),
  list: (to) => Array.fromAsync(to.list('attachments/')),
}
/** The limits of waiting for a state. */
const eventually = { timeout: 10_000, interval: 25 }
const every = Object.keys(calls)
const call = (name: string, to = storage) => calls[name]?.(to) as Promise<unknown>
const faultOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

test('files are stored raw and authenticated below muster/attachments, with signed requests', async () => {
  await put()
  expect([...peer.files.keys()]).toEqual(['muster/attachments/1/original'])
  await storage.stat('attachments/1/original')
  const signature = createHash('sha256').update(`muster/attachments/1/original${peer.config.apiSecret}`)
  expect(peer.requests).toEqual([
    'POST /v1_1/demo/raw/upload',
    `HEAD /demo/raw/authenticated/s--${signature.digest('base64url').slice(0, 32)}--/v1/muster/attachments/1/original`,
  ])
})

test('a file is delivered only with its own signature', async () => {
  await put()
  await storage.stat('attachments/1/original')
  const signed = `${peer.config.apiUrl}${peer.requests.at(-1)?.replace('HEAD ', '')}`
  expect((await fetch(signed)).status).toBe(200)
  expect((await fetch(signed.replace(/s--[^/]+\//, ''))).status).toBe(401)
  await storage.put('attachments/2/original', Readable.from([Buffer.from('other')]))
  expect((await fetch(signed.replace('/1/original', '/2/original'))).status).toBe(401)
})

test('an account with SHA-256 signatures works too', async () => {
  Object.assign(peer.config, { signatureAlgorithm: 'sha256' })
  const other = createStorage({ ...peer.config })
  await put('text', other)
  await other.remove(['attachments/1/original'])
  expect(peer.files.size).toBe(0)
})

describe.each([
  ['secret', { apiSecret: 'wrong-Secret_xyz' }],
  ['key', { apiKey: '987654321' }],
] satisfies [string, Partial<CloudinaryConfig>][])('with a wrong %s', (what, wrong) => {
  test.each(every)('%s throws StorageUnavailableError with the reason and without a secret', async (name) => {
    await put()
    const fault = await faultOf(call(name, createStorage({ ...peer.config, ...wrong })))
    if (what === 'key' && ['open', 'stat'].includes(name)) return expect(Object(fault).code).toBeUndefined()
    expect(fault).toMatchObject({ name: 'StorageUnavailableError', retryAfterSeconds: 5 })
    const told = inspect(fault, { depth: 20, showHidden: true })
    expect(told).toMatch(/Cloudinary: 401, (Invalid|Unknown)/)
    expect(told).not.toMatch(/wrong-Secret|peer-Secret/)
    expect([...peer.files.keys()]).toEqual(['muster/attachments/1/original'])
  })
})

describe.each([500, 502, 503, 420, 429, 403])('a response with status %i', (status) => {
  test.each(every)('makes %s throw StorageUnavailableError, and a retry succeeds', async (name) => {
    await put()
    peer.trouble = { answers: status }
    const retryAfterSeconds = [420, 429].includes(status) ? 60 : 5
    const fault = await faultOf(call(name))
    expect(fault).toMatchObject({ name: 'StorageUnavailableError', retryAfterSeconds })
    expect(inspect(fault, { depth: 20 })).not.toContain(peer.config.apiSecret)
    peer.trouble = undefined
    await call(name)
  })
})

test.each(every)('%s ends at its time limit when the server does not respond', async (name) => {
  await put()
  peer.trouble = { hangs: true }
  const startedAtMs = performance.now()
  await expect(call(name, impatient)).rejects.toMatchObject({ name: 'StorageUnavailableError' })
  // Below the default limits, with room for a busy machine.
  expect(performance.now() - startedAtMs).toBeLessThan(9_000)
  await expect.poll(() => peer.connections(), eventually).toBe(0)
})

test.each(every)('%s throws StorageUnavailableError when the server hangs up or is not reachable', async (name) => {
  await put()
  peer.trouble = { leaves: true }
  await expect(call(name)).rejects.toMatchObject({ name: 'StorageUnavailableError' })
  await peer.close()
  await expect(call(name)).rejects.toMatchObject({ name: 'StorageUnavailableError' })
})

test('a source that stalls ends the upload, and its bytes are not stored', async () => {
  const stalled = Readable.from(
    (async function* () {
      yield Buffer.from('beginning')
      await new Promise(() => {})
    })(),
  )
  await expect(impatient.put('a', stalled)).rejects.toMatchObject({ name: 'StorageUnavailableError' })
  expect(peer.files.size).toBe(0)
})

test('a delivery that breaks off fails the stream with StorageUnavailableError', async () => {
  await put('x'.repeat(200_000))
  peer.trouble = { cutsAt: 70_000 }
  await expect(open()).rejects.toMatchObject({ name: 'StorageUnavailableError' })
})

test('a delivery that stalls ends at its time limit', async () => {
  await put('x'.repeat(200_000))
  peer.trouble = { stallsAt: 70_000 }
  await expect(open(undefined, impatient)).rejects.toMatchObject({ name: 'StorageUnavailableError' })
  await expect.poll(() => peer.connections(), eventually).toBe(0)
})

test('a delivery that ignores the range is cut to the range', async () => {
  await put('0123456789'.repeat(20_000))
  peer.trouble = { ignoresRanges: true }
  expect(await open({ start: 2, end: 4 })).toBe('234')
  expect(await open({ start: 70_001, end: 70_003 })).toBe('123')
  expect(await open({ start: 199_998 })).toBe('89')
  await expect(open({ start: 200_000 })).rejects.toThrow(RangeError)
})

test('a file that Cloudinary refuses throws an error that is not worth a retry', async () => {
  const fault = await faultOf(put(''))
  expect(fault).toEqual(new Error('Cloudinary refused: Empty file'))
})

test('a reader that stops early or never starts closes the delivery', async () => {
  await put('x'.repeat(5_000_000))
  const { stream } = await storage.open('attachments/1/original')
  for await (const _ of stream) break
  await expect.poll(() => peer.connections(), eventually).toBe(0)
  const unread = await storage.open('attachments/1/original')
  expect(await peer.connections()).toBe(1)
  unread.stream.destroy()
  await expect.poll(() => peer.connections(), eventually).toBe(0)
})
