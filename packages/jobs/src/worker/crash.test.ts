import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '@muster/db'
import { findRedis, startRedis, thisMachine } from '@muster/devkit'
import { parseRedisUrl } from '@muster/redis'
import { eventually, freePort } from '@muster/testing'
import { sql } from 'kysely'
import { expect, type TestContext, test } from 'vitest'
import { createHarness, enqueueJob, takeEffect } from '../testing/harness.ts'

const handlerMs = '600000'
/** A dead worker's lock expires after 10 s, and the next check for stalled jobs comes at most 5 s later. */
const stalledMs = 15_000
const patience = { timeoutMs: 3 * stalledMs }

/** A world for each test: they mostly wait until a dead worker's lock expires, so they run at the same time. */
async function createCrashWorld({ onTestFinished }: TestContext) {
  const jobs = await createHarness()
  const children: ChildProcess[] = []
  onTestFinished(async () => {
    for (const child of children) await kill(child)
    await jobs.close()
  })
  const pidsOf = async (table: 'starts' | 'ends') =>
    (await sql<{ pid: number }>`select pid from ${sql.table(table)}`.execute(jobs.db)).rows.map(({ pid }) => pid)

  return {
    ...jobs,
    startProcess(mode: 'worker' | 'enqueue', argument: string): ChildProcess {
      const script = new URL('../testing/child-process.ts', import.meta.url).pathname
      const child = spawn(process.execPath, [script, mode, argument], {
        env: { ...process.env, DATABASE_URL: jobs.database.url, REDIS_URL: jobs.redis.url },
        stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      })
      children.push(child)
      return child
    },
    untilStarted: (child: ChildProcess) =>
      eventually(async () => expect(await pidsOf('starts')).toContain(child.pid), patience),
    /** Waits until a handler of the process returned or threw. */
    untilEnded: (child: ChildProcess) =>
      eventually(async () => expect(await pidsOf('ends')).toEqual([child.pid]), patience),
    untilEffect: (subject: string) => eventually(async () => expect(await jobs.effects()).toEqual([subject]), patience),
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

test.concurrent('a process that dies right after its commit loses no job', async (context) => {
  const world = await createCrashWorld(context)
  const subject = newId()
  const child = world.startProcess('enqueue', subject)
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
  expect(await world.db.selectFrom('outbox').select('published_at').execute()).toEqual([{ published_at: null }])
  world.worker(takeEffect)
  await world.untilEffect(subject)
})

test.concurrent("a killed worker's job is processed by another worker and done once", async (context) => {
  const world = await createCrashWorld(context)
  const child = world.startProcess('worker', handlerMs)
  const { subject, jobId } = await enqueueJob(world.transact())
  await world.untilStarted(child)
  await kill(child)
  world.worker(takeEffect)
  await world.untilEffect(subject)
  await eventually(async () => expect(await world.outboxRow(jobId)).toBeUndefined())
})

test.concurrent('a job survives two kills of its worker', { timeout: 180_000 }, async (context) => {
  const world = await createCrashWorld(context)
  const { subject } = await enqueueJob(world.transact())
  for (let kills = 0; kills < 2; kills++) {
    const child = world.startProcess('worker', handlerMs)
    await world.untilStarted(child)
    await kill(child)
  }
  world.worker(takeEffect)
  await world.untilEffect(subject)
})

test.concurrent('a frozen worker that resumes after its job stalled does not repeat the effect', async (context) => {
  const world = await createCrashWorld(context)
  const child = world.startProcess('worker', '5000')
  // Waits for a message of the process, not for a row: a query during which the process freezes fails.
  const isRunning = once(child, 'message')
  const { subject } = await enqueueJob(world.transact())
  await isRunning
  child.kill('SIGSTOP')
  world.worker(takeEffect)
  await world.untilEffect(subject)
  child.kill('SIGCONT')
  await world.untilEnded(child)
  expect(await world.effects()).toEqual([subject])
})

test.concurrent('jobs enqueued while Redis is dead are done when it is back, by the same processes', async (context) => {
  const world = await createCrashWorld(context)
  const dir = mkdtempSync(join(tmpdir(), 'muster-redis-'))
  const options = {
    program: findRedis(thisMachine(dir, () => {})),
    dir,
    port: await freePort(),
    logFile: join(dir, 'redis.log'),
    isDurable: false,
  }
  const redisSettings = parseRedisUrl(`redis://127.0.0.1:${options.port}`)
  const transact = world.transact(world.publisher({ redisSettings }))
  world.worker(takeEffect, { redisSettings })
  const subjects: string[] = []
  const untilAllDone = () =>
    eventually(async () => expect(await world.effects()).toEqual(subjects.toSorted()), patience)
  try {
    // Publisher and worker are started without Redis, and then it dies under them.
    for (let lives = 0; lives < 2; lives++) {
      subjects.push((await enqueueJob(transact)).subject)
      const redis = await startRedis(options)
      await untilAllDone()
      subjects.push((await enqueueJob(transact)).subject)
      await untilAllDone()
      process.kill(redis.pid, 'SIGKILL')
      await eventually(() => expect(() => process.kill(redis.pid, 0)).toThrow())
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
