import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { newId } from '@muster/db'
import { findOutboxJob, listFailedJobs, takeFailedJob } from '@muster/jobs/admin'
import { optimizeAvatar, sweepOrphans } from '@muster/jobs/definitions'
import { avatarKeys } from '@muster/storage'
import { eventually, insertUser } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHarness, type Harness, withImageQueue } from '../testing/harness.ts'
import { gpsPhoto } from '../testing/images.ts'

let worker: Harness
let folder: string
const lines: Record<string, unknown>[] = []

beforeAll(async () => {
  worker = await createHarness({ onLog: (line) => lines.push(line) })
  folder = await mkdtemp(join(tmpdir(), 'muster-failures-'))
})
afterAll(async () => {
  await worker.close()
  await rm(folder, { recursive: true, force: true })
})

const stateOf = (id: string) =>
  worker.db
    .selectFrom('attachments')
    .select(['status', 'failure_reason', 'size_bytes'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
const failedJobs = () => listFailedJobs(worker.db, 'image', { beforeId: undefined, limit: 10 })
/** Waits for the one failed job. */
const failedJob = () =>
  eventually(
    async () => {
      const [job, ...others] = await failedJobs()
      expect(others).toEqual([])
      if (!job) throw new Error('no job has failed yet')
      return job
    },
    { timeoutMs: 20_000 },
  )
/** Retries a failed job as the API does for an operator. */
const retry = (id: string) =>
  worker.transact(async ({ trx, enqueue }) => {
    const failed = await takeFailedJob(trx, 'image', id)
    const job = findOutboxJob('image', failed?.name ?? '')
    if (!failed || !job) throw new Error('there is no such job')
    enqueue(job, failed.payload)
  })
const sweep = () => withImageQueue(worker.redisSettings, (queue) => queue.add(sweepOrphans.name, {}))

test('without a temporary folder an image waits without failing, and is processed when there is one', async () => {
  const before = process.env.TMPDIR
  const gone = join(folder, 'gone')
  process.env.TMPDIR = gone
  try {
    const ids = [await worker.upload(await gpsPhoto(300, 200)), await worker.upload(await gpsPhoto(310, 200))]
    // More runs than the job's attempts.
    await eventually(
      async () => {
        const delayed = await withImageQueue(worker.redisSettings, (queue) => queue.getDelayed())
        const starts = delayed.filter(({ name }) => name === 'optimize-image').map((job) => job.attemptsStarted)
        expect(starts.filter((count) => count >= 4)).toHaveLength(2)
      },
      { timeoutMs: 30_000 },
    )
    for (const id of ids) expect(await stateOf(id)).toMatchObject({ status: 'processing', failure_reason: null })
    expect(await failedJobs()).toEqual([])
    const faults = lines.filter(({ msg }) => String(msg).startsWith('worker machine fault'))
    expect(faults).toMatchObject([
      { level: 'error', job: 'optimize-image', err: { code: 'ENOENT', syscall: 'mkdtemp' } },
    ])

    await mkdir(gone)
    for (const id of ids) expect(await worker.finished(id)).toMatchObject({ status: 'ready' })
    await eventually(() => expect(lines.map(({ msg }) => msg)).toContain('worker machine fault resolved'))
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}, 60_000)

test('an image that fails by an internal error is listed, and a retry processes it', async () => {
  const id = await worker.insert()
  await worker.enqueue(id)
  const job = await failedJob()
  expect(job).toMatchObject({ name: 'optimize-image', payload: { attachmentId: id }, reason: expect.any(String) })
  expect(await stateOf(id)).toMatchObject({ status: 'failed', failure_reason: expect.stringMatching(/missing/) })

  // The operator restores the file, for example from a backup.
  await worker.storage.put(`attachments/${id}/original`, Readable.from([await gpsPhoto(320, 200)]))
  await retry(job.id)
  await eventually(async () => expect(await stateOf(id)).toMatchObject({ status: 'ready', failure_reason: null }))
  expect(await failedJobs()).toEqual([])
}, 60_000)

test('the files of a failed image are deleted by the sweep after its job was discarded, not before', async () => {
  const id = await worker.insert()
  await worker.enqueue(id)
  const job = await failedJob()
  const key = `attachments/${id}/original`
  await worker.storage.put(key, Readable.from([Buffer.from('bytes')]))
  await sweep()
  await eventually(async () => expect(lines.at(-1)).toMatchObject({ msg: expect.stringContaining('orphaned files') }))
  expect((await stateOf(id)).size_bytes).toBeGreaterThan(0)

  await worker.transact(async ({ trx }) => void (await takeFailedJob(trx, 'image', job.id)))
  await sweep()
  await eventually(async () => expect(await stateOf(id)).toMatchObject({ status: 'failed', size_bytes: 0 }))
  await eventually(async () => expect(await worker.keys()).not.toContain(key))
}, 60_000)

test('a damaged file causes no failed job, and its files are deleted', async () => {
  const id = await worker.upload((await gpsPhoto(600, 400)).subarray(0, 4_000))
  expect(await worker.finished(id)).toMatchObject({ status: 'failed', size_bytes: 0 })
  expect(await failedJobs()).toEqual([])
})

test('an avatar that fails by an internal error is listed, and a retry processes it', async () => {
  const { id: userId } = await insertUser(worker.db)
  const uploadId = newId()
  await worker.transact(async ({ trx, enqueue }) => {
    const upload = { avatar_upload_id: uploadId, avatar_status: 'processing' }
    await trx.updateTable('users').set(upload).where('id', '=', userId).execute()
    enqueue(optimizeAvatar, { userId, uploadId })
  })
  const job = await failedJob()
  const userOf = () =>
    worker.db
      .selectFrom('users')
      .select(['avatar_status', 'avatar_key'])
      .where('id', '=', userId)
      .executeTakeFirstOrThrow()
  expect(await userOf()).toEqual({ avatar_status: 'failed', avatar_key: null })
  await sweep()

  const { original, picture } = avatarKeys(userId, uploadId)
  await worker.storage.put(original, Readable.from([await gpsPhoto(320, 200)]))
  await retry(job.id)
  await eventually(async () => expect(await userOf()).toEqual({ avatar_status: 'ready', avatar_key: picture }))
}, 60_000)
