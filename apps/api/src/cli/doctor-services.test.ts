import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newId, readInstallationId } from '@muster/db'
import { migrateToLatest, rollBack } from '@muster/db/migrator'
import { createStorage } from '@muster/storage'
import { startS3Server } from '@muster/storage/testing'
import {
  asSuperuser,
  clockAhead,
  createTestDatabase,
  fakeClockLibrary,
  insertChatFile,
  insertGroup,
  insertUser,
  mountDisk,
  type OwnRedis,
  startOwnRedis,
} from '@muster/testing'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { TestApp } from '../testing/test-app.ts'
import { musterProcess } from './testing/cli-fixtures.ts'
import { type Installation, startInstallation } from './testing/doctor-fixtures.ts'

let installation: Installation
let api: TestApp
let redis: OwnRedis
let folder: string
let well: Installation['well']
let examine: Installation['examine']

beforeAll(async () => {
  installation = await startInstallation()
  ;({ api, redis, folder, well, examine } = installation)
})
afterAll(() => installation.close())

test('a Redis that evicts, is a replica, is full or belongs to another installation is named', async () => {
  const set = (...words: string[]) => redis.client.call('CONFIG', 'SET', ...words)
  await set('maxmemory-policy', 'allkeys-lru')
  expect(await examine()).toEqual(['redis-eviction'])
  await set('maxmemory-policy', 'noeviction')
  await set('maxmemory', String(Number(/used_memory:(\d+)/.exec(await redis.client.info('memory'))?.[1]) + 100_000))
  expect(await examine()).toEqual(['redis-memory'])
  await set('maxmemory', '0')
  await set('maxclients', '20')
  expect(await examine()).toEqual(['redis-connections'])
  await set('maxclients', '1000')
  await redis.client.set('muster:installation', newId())
  expect(await examine()).toEqual(['redis-owner'])
  await redis.client.set('muster:installation', await readInstallationId(api.db))
  await redis.client.replicaof('127.0.0.1', '1')
  expect(await examine()).toEqual(['redis-mode'])
  await redis.client.replicaof('no', 'one')
  redis.freeze()
  const startMs = performance.now()
  expect(await examine()).toEqual(['redis-silent'])
  expect(performance.now() - startMs).toBeLessThan(10_000)
  redis.thaw()
  expect(await examine()).toEqual([])
})

test('a store of files of another installation, and one with a wrong name, are named', async () => {
  const server = await startS3Server()
  onTestFinished(() => server.close())
  const { owner } = createStorage(server.config)
  await owner.claim('another')
  expect(await examine(server.env)).toEqual(['storage-owner'])
  await owner.replace(await readInstallationId(api.db))
  expect(await examine(server.env)).toEqual([])
  expect([...server.objects.keys()]).toEqual(['muster/.muster-installation'])
  expect(await examine({ ...server.env, S3_BUCKET: 'no-bucket' })).toEqual(['storage-unavailable'])
  expect(await examine({ ...server.env, S3_SECRET_ACCESS_KEY: 'S3cret-Word' })).toEqual(['storage-unavailable'])
})

test('a folder of files that is not there is named when the database has files, and is not made', async () => {
  const env = { STORAGE_LOCAL_DIR: join(folder, 'not-mounted') }
  expect(await examine(env)).toEqual([])
  const uploader = await insertUser(api.db)
  const file = await insertChatFile(api.db, await insertGroup(api.db, [uploader]), uploader)
  onTestFinished(async () => void (await api.db.deleteFrom('attachments').where('id', '=', file.id).execute()))
  expect(await examine(env)).toEqual(['storage-missing'])
  await expect(readFile(env.STORAGE_LOCAL_DIR)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a database that lacks a migration, or allows too few connections, is named', async () => {
  const database = await createTestDatabase({ poolMax: 1 })
  onTestFinished(() => database.drop())
  const env = { DATABASE_URL: database.url }
  await rollBack(database.db)
  const own = await startOwnRedis({ 'maxmemory-policy': 'noeviction' })
  onTestFinished(() => own.stop())
  const elsewhere = { ...env, REDIS_URL: own.url, STORAGE_LOCAL_DIR: join(folder, 'elsewhere') }
  expect(await examine(elsewhere)).toEqual(['migrations-missing'])
  await migrateToLatest(database.db)
  await asSuperuser(`alter database ${new URL(database.url).pathname.slice(1)} connection limit 12`)
  expect(await examine(elsewhere)).toEqual(['postgres-connections'])
})

test('a database that takes no writes is named', async () => {
  const name = new URL(api.deps.config.database.url).pathname.slice(1)
  await asSuperuser(`alter database ${name} set default_transaction_read_only = on`)
  onTestFinished(() => asSuperuser(`alter database ${name} reset default_transaction_read_only`))
  expect(await examine()).toContain('postgres-read-only')
})

test.skipIf(!fakeClockLibrary)('a clock that differs from that of Postgres is named, with what follows', async () => {
  const at = async (seconds: number) =>
    (await musterProcess(api, 'doctor', { env: { ...well, ...clockAhead(seconds) } })).stdout
  expect(await at(5)).toMatch(/The clock of this machine is [45]\.\d s ahead of that of Postgres\./)
  expect(await at(-60)).toMatch(/is (59|60|61) s behind that of Postgres, so that no process here becomes ready/)
})

test('a disk that is nearly full, and one that is, is named with its folder', async (context) => {
  const disk = await mountDisk(folder, 'disk', 80)
  if (!disk) return context.skip('left out: the user of the tests may not mount (needs root)')
  onTestFinished(() => disk.unmount())
  expect(await examine({ STAGING_DIR: disk.path })).toEqual([])
  await writeFile(join(disk.path, 'upload'), Buffer.alloc(50 * 1024 ** 2))
  const findings = () => installation.findings({ STAGING_DIR: disk.path })
  expect(await findings()).toMatchObject([
    { id: 'disk', what: expect.stringMatching(`${disk.path}, has \\d+ MiB of free space left`) },
  ])
  await disk.fill()
  expect(await findings()).toMatchObject([{ id: 'disk', what: expect.stringMatching(`${disk.path}, .*disk is full`) }])
})
