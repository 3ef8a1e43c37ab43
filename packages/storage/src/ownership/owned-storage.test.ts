import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createLogger } from '@muster/logger'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createStorage, openStorage, storageCheck } from '../index.ts'
import { type S3Server, startS3Server } from '../testing/s3-server.ts'
import { ownedStorage } from './owned-storage.ts'

let server: S3Server
let folder: string
beforeEach(async () => {
  server = await startS3Server()
  folder = await mkdtemp(join(tmpdir(), 'muster-owner-'))
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const local = () => ({ driver: 'local' as const, localDir: join(folder, 'files') })
const opened = (id: string, config: Parameters<typeof openStorage>[0] = server.config) =>
  openStorage(config, async () => id)
/** Looks at the owner before each call. */
const suspicious = (id: string) =>
  ownedStorage(createStorage(server.config), {
    readInstallationId: async () => id,
    place: 'It',
    ownedForMs: -1,
    failedForMs: -1,
  })
const bytes = () => Readable.from([Buffer.from('x')])
const log = createLogger({ name: 'test', level: 'silent' })
const foreign = { name: 'StorageUnavailableError', cause: { code: 'FOREIGN_FILES' } }

test.each(['s3', 'local'])(
  'with %s, a second installation can neither read, write, list nor delete',
  async (driver) => {
    const config = driver === 's3' ? server.config : local()
    const [owner, other] = [opened('a', config), opened('b', config)]
    await owner.put('attachments/1/original', bytes())
    const calls = [
      other.put('attachments/2/original', bytes()),
      other.open('attachments/1/original'),
      other.stat('attachments/1/original'),
      other.copyTo('attachments/1/original', join(folder, 'copy'), new AbortController().signal),
      other.remove(['attachments/1/original']),
      Array.fromAsync(other.list('')),
      other.verify(),
    ]
    for (const call of calls) await expect(call).rejects.toMatchObject(foreign)
    expect(await text((await owner.open('attachments/1/original')).stream)).toBe('x')
    expect((await Array.fromAsync(owner.list(''))).map(({ key }) => key)).toEqual(['attachments/1/original'])
  },
)

test('the start of a second installation is refused with both ids and what to do', async () => {
  await storageCheck(opened('a'), log)()
  const refusal = storageCheck(opened('b'), log)()
  await expect(refusal).rejects.toThrow(
    /The prefix muster of the bucket muster-test has the files of another installation/,
  )
  await expect(refusal).rejects.toThrow(/\(a; this one is b\).*`muster files claim`/)
})

test('two installations share a bucket by different prefixes', async () => {
  const [one, other] = [opened('a'), opened('b', { ...server.config, prefix: 'other' })]
  await one.put('k', bytes())
  await other.put('k', bytes())
  expect([...server.objects.keys()].sort()).toEqual([
    'muster/.muster-installation',
    'muster/k',
    'other/.muster-installation',
    'other/k',
  ])
})

test('of installations that start at once on an empty bucket or folder, exactly one gets it', async () => {
  for (const config of [server.config, local()]) {
    const started = await Promise.allSettled(['a', 'b', 'c', 'd'].map((id) => opened(id, config).verify()))
    expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  }
})

test('an empty mark of an earlier release is adopted with all files', async () => {
  const config = local()
  await createStorage(config).put('k', bytes())
  await writeFile(join(config.localDir, '.muster-files'), '')
  await opened('a', config).verify()
  expect(await readFile(join(config.localDir, '.muster-files'), 'utf8')).toBe('a\n')
  await expect(opened('b', config).verify()).rejects.toMatchObject(foreign)
})

test('a running process stops when another installation takes its files, and goes on when they are claimed back', async () => {
  const owner = suspicious('a')
  await owner.put('k', bytes())
  const { owner: mark } = createStorage(server.config)
  await mark.replace('b')
  await owner.verify().catch(() => {})
  await expect(owner.put('k', bytes())).rejects.toMatchObject(foreign)
  await mark.replace('a')
  await owner.put('k', bytes())
})

test('a store that does not respond at start is used only when its owner is known', async () => {
  await opened('a').verify()
  server.trouble = { answers: 503, code: 'SlowDown' }
  const other = suspicious('b')
  await storageCheck(other, log)()
  await expect(other.put('k', bytes())).rejects.toMatchObject({ name: 'StorageUnavailableError' })
  server.trouble = undefined
  await expect(other.put('k', bytes())).rejects.toMatchObject(foreign)
  expect(server.objects.has('muster/k')).toBe(false)
})

test.each([
  ['NoSuchBucket', { bucket: 'another-bucket' }, /bucket another-bucket does not exist. Create it/],
  [
    'SignatureDoesNotMatch',
    { credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'wrong' } },
    /S3_SECRET_ACCESS_KEY/,
  ],
])('a start with %s is refused with what to do', async (code, wrong, expected) => {
  const refusal = storageCheck(opened('a', { ...server.config, ...wrong }), log)()
  await expect(refusal).rejects.toThrow(code)
  await expect(refusal).rejects.toThrow(expected)
})
