import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { openCache } from '@muster/cache'
import { type Database, type Db, newId, readInstallationId, systemClock } from '@muster/db'
import { optimizeImage } from '@muster/jobs/definitions'
import { createTransact, type Transact } from '@muster/jobs/outbox'
import { startPublisher } from '@muster/jobs/publisher'
import { openQueue } from '@muster/jobs/queue'
import { createLogger } from '@muster/logger'
import { failFastRedis, parseRedisUrl, type RedisSettings } from '@muster/redis'
import { openStorage, type Storage, type StorageConfig } from '@muster/storage'
import type { ScanSettings } from '@muster/storage/config'
import { createTestDatabase, createTestRedis, eventually } from '@muster/testing'
import type { Queue } from 'bullmq'
import type { Insertable } from 'kysely'
import { expect } from 'vitest'
import type { Deps } from '../deps.ts'
import { startImageWorker } from '../image-worker.ts'
import { createScanner } from '../scanner/scanner.ts'

export type Harness = {
  deps: Deps
  db: Db
  storage: Storage
  storageDir: string
  transact: Transact
  redisUrl: string
  redisSettings: RedisSettings
  databaseUrl: string
  /** Inserts an attachment in processing and stores its bytes, if any. @returns its id */
  insert(bytes?: Buffer, place?: Place): Promise<string>
  /** Enqueues the job of an attachment. */
  enqueue(attachmentId: string): Promise<void>
  /** Inserts an attachment and enqueues its job, like the API after an upload. */
  upload(bytes: Buffer, place?: Place): Promise<string>
  /** Waits until the attachment is not in processing and no job is pending. @returns the attachment */
  finished(attachmentId: string): Promise<Attachment>
  read(key: string): Promise<Buffer>
  keys(): Promise<string[]>
  close(): Promise<void>
}

/** The columns that tell where an attachment belongs; by default to a task. */
type Place = Partial<Insertable<Database['attachments']>>
export type Attachment = Awaited<ReturnType<typeof findAttachment>>

/**
 * Creates a database, a Redis and a storage folder, and starts an image worker with them in this process.
 * @param options.isWorking false to start no worker
 * @param options.storage replaces the storage folder
 * @param options.onLog receives the log entries; without it the log is silent
 */
export async function createHarness({
  isWorking = true,
  storage: storageConfig,
  onLog,
  scan,
}: {
  isWorking?: boolean
  storage?: StorageConfig
  onLog?: (line: Record<string, unknown>) => void
  scan?: ScanSettings
} = {}): Promise<Harness> {
  const [database, redis, folder] = await Promise.all([
    createTestDatabase(),
    createTestRedis(),
    mkdtemp(join(tmpdir(), 'muster-image-test-')),
  ])
  const { db } = database
  const destination = { write: (line: string) => onLog?.(JSON.parse(line)) }
  const log = createLogger({ name: 'test', level: onLog ? 'info' : 'silent', destination })
  const storageDir = join(folder, 'files')
  const settings = storageConfig ?? { driver: 'local', localDir: storageDir }
  const storage = openStorage(settings, () => readInstallationId(db))
  const redisSettings = parseRedisUrl(redis.url)
  const publisher = startPublisher({ db, redisSettings, log })
  const cache = openCache({ redisSettings, log })
  const deps: Deps = {
    db,
    redisSettings,
    publisher,
    storage,
    cache,
    scanner: createScanner(scan),
    clock: systemClock,
    log,
  }
  const transact = createTransact({ db, publisher })
  const worker = isWorking ? startImageWorker(deps, { concurrency: 2 }) : undefined
  const taskId = await insertTask(db)

  const insert = async (bytes?: Buffer, place: Place = { task_id: taskId }) => {
    const id = newId()
    const storageKey = `attachments/${id}/original`
    if (bytes) await storage.put(storageKey, Readable.from([bytes]))
    const sizeBytes = bytes?.length ?? 1
    await db
      .insertInto('attachments')
      .values({
        ...place,
        id,
        filename: 'picture.jpg',
        content_type: 'image/jpeg',
        kind: 'image',
        status: 'processing',
        size_bytes: sizeBytes,
        original_size_bytes: sizeBytes,
        storage_key: storageKey,
      })
      .execute()
    return id
  }
  const enqueueJob = (attachmentId: string) =>
    transact(async ({ enqueue }) => {
      enqueue(optimizeImage, { attachmentId })
    })

  return {
    deps,
    db,
    storage,
    storageDir,
    transact,
    redisUrl: redis.url,
    redisSettings,
    databaseUrl: database.url,
    insert,
    enqueue: enqueueJob,
    async upload(bytes, place) {
      const id = await insert(bytes, place)
      await enqueueJob(id)
      return id
    },
    finished: (id) =>
      eventually(
        async () => {
          const found = await findAttachment(db, id)
          expect(found.status).not.toBe('processing')
          expect(await db.selectFrom('outbox').select('id').where('failed_at', 'is', null).execute()).toEqual([])
          return found
        },
        { timeoutMs: 90_000 },
      ),
    read: async (key) => buffer((await storage.open(key)).stream),
    keys: async () => (await Array.fromAsync(storage.list(''))).map(({ key }) => key).sort(),
    async close() {
      await worker?.close()
      await publisher.close()
      await cache.close()
      await redis.close()
      await database.drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function findAttachment(db: Db, id: string) {
  return db.selectFrom('attachments').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
}

async function insertTask(db: Db): Promise<string> {
  const [userId, taskId, organizationId] = [newId(), newId(), newId()]
  await db.insertInto('organizations').values({ id: organizationId, name: 'Test' }).execute()
  await db
    .insertInto('users')
    .values({
      id: userId,
      username: 'tester',
      name: 'Tester',
      email: 'tester@example.org',
      role: 'client_admin',
      organization_id: organizationId,
    })
    .execute()
  await db
    .insertInto('tasks')
    .values({ id: taskId, owner_id: userId, organization_id: organizationId, title: 'A task', due_date: new Date() })
    .execute()
  return taskId
}

/** Calls `ask` with BullMQ's view of the image queue. */
export async function withImageQueue<T>(redisSettings: RedisSettings, ask: (queue: Queue) => Promise<T>): Promise<T> {
  const redis = failFastRedis(redisSettings)
  await once(redis, 'ready')
  const queue = await openQueue('image', redis)
  try {
    return await ask(queue)
  } finally {
    await queue.close()
    redis.disconnect()
  }
}
