import { type Db, newId } from '@muster/db'
import { createLogger } from '@muster/logger'
import { parseRedisUrl } from '@muster/redis'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { OutboxJob } from '../definitions/define-job.ts'
import { allJobs, deleteFiles, type QueueName, sendEmail, sweepOrphans } from '../definitions/index.ts'
import { createHarness, type Harness, silent } from '../testing/harness.ts'
import { handle } from '../worker/handler.ts'
import { startWorker } from '../worker/worker.ts'

let world: Harness
beforeEach(async () => {
  world = await createHarness()
})
afterEach(() => world.close())

const setHeld = (db: Db, isHeld: boolean) =>
  sql`update installation set held_at = ${isHeld ? new Date() : null}`.execute(db)
const setBackup = (db: Db, seconds: number) =>
  sql`update installation set backup_id = ${newId()}, backup_until = now() + make_interval(secs => ${seconds})`.execute(
    db,
  )

/** Starts a worker of a queue whose handlers note the names of their jobs. */
function startNoting(queue: QueueName) {
  const done: string[] = []
  const handlers = allJobs
    .filter((job) => job.queue === queue)
    .map((job) => handle(job, async () => void done.push(job.name)))
  const redisSettings = parseRedisUrl(world.redis.url)
  const worker = startWorker({
    queue,
    handlers,
    deps: { db: world.db, redisSettings, log: silent, publisher: world.publisher() },
    concurrency: 2,
  })
  return { done, close: () => worker.close() }
}

const jobs: { job: OutboxJob; payload: object }[] = [
  { job: sendEmail as OutboxJob, payload: { emailId: newId() } },
  { job: deleteFiles as OutboxJob, payload: { keys: ['attachments/1/original'] } },
]

test.each(jobs)('a held copy runs no $job.name until it is released, and then runs it', async ({ job, payload }) => {
  await setHeld(world.db, true)
  const { done, close } = startNoting(job.queue)
  const optimized = { attachmentId: newId() }
  const transact = world.transact()
  await transact(async ({ enqueue }) => {
    enqueue(job, payload)
    if (job.queue === 'image') enqueue(allJobs.find(({ name }) => name === 'optimize-image') as OutboxJob, optimized)
  })
  // The worker took the jobs up: the harmless one is done, the other one waits.
  await eventually(async () => {
    const { rows } = await sql<{
      count: number
    }>`select count(*)::int as count from outbox where published_at is null`.execute(world.db)
    expect(rows[0]?.count).toBe(0)
    if (job.queue === 'image') expect(done).toEqual(['optimize-image'])
  })
  expect(done).not.toContain(job.name)
  await setHeld(world.db, false)
  await eventually(() => expect(done).toContain(job.name), { timeoutMs: 30_000 })
  await close()
})

test('files are deleted and swept only after a running backup, or when its lease ended', async () => {
  await setBackup(world.db, 3)
  const { done, close } = startNoting('image')
  const transact = world.transact()
  await transact(async ({ enqueue }) => enqueue(deleteFiles, { keys: ['attachments/1/original'] }))
  await (await world.queue()).add(sweepOrphans.name, {})
  const runs = async () =>
    (await sql<{ isRunning: boolean }>`select backup_until > now() as "isRunning" from installation`.execute(world.db))
      .rows[0]?.isRunning
  while (await runs()) expect(done).toEqual([])
  await eventually(() => expect(done.toSorted()).toEqual(['delete-files', 'sweep-orphans']), { timeoutMs: 30_000 })
  await close()
})

test('the hold is logged once when it begins and once when it ends', async () => {
  await setHeld(world.db, true)
  const lines: { msg: string }[] = []
  const log = createLogger({
    name: 'hold',
    level: 'info',
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  })
  const { hold } = world.publisher({ log })
  expect(hold.isHeld()).toBe(true)
  await eventually(() => expect(lines).toHaveLength(1))
  await setHeld(world.db, false)
  await eventually(() => expect(hold.isHeld()).toBe(false))
  expect(lines.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^restored copy held/), 'restored copy released'])
})
