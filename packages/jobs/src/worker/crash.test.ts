import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '@muster/db'
import { findRedis, startRedis, thisMachine } from '@muster/devkit'
import { eventually, freePort } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createJobsWorld, enqueueJob, type JobsWorld, takeEffect } from '../testing/jobs-world.ts'

let world: JobsWorld
let children: ChildProcess[] = []
beforeEach(async () => {
  world = await createJobsWorld()
})
afterEach(async () => {
  for (const child of children) await kill(child)
  children = []
  await world.close()
})

function startProcess(mode: 'worker' | 'enqueue', argument: string, redisUrl = world.redis.url): ChildProcess {
  const child = spawn(
    process.execPath,
    [new URL('../testing/child-process.ts', import.meta.url).pathname, mode, argument],
    {
      env: { ...process.env, DATABASE_URL: world.database.url, REDIS_URL: redisUrl },
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    },
  )
  children.push(child)
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

const starts = async () =>
  (await sql<{ pid: number }>`select pid from starts`.execute(world.db)).rows.map(({ pid }) => pid)
/** Processes of which a handler came to its end, well or not. */
const ends = async () => (await sql<{ pid: number }>`select pid from ends`.execute(world.db)).rows.map(({ pid }) => pid)
const untilStarted = (child: ChildProcess, timeoutMs = 20_000) =>
  eventually(async () => expect(await starts()).toContain(child.pid), { timeoutMs })
const untilEffect = (subject: string, timeoutMs: number) =>
  eventually(async () => expect(await world.effects()).toEqual([subject]), { timeoutMs })

const longMs = '600000'
/** The lock of a dead worker runs out after 10 s, and the next check comes at most 5 s later. */
const takeoverMs = 17_000

test('a process that dies right after its commit loses nothing', async () => {
  const subject = newId()
  const child = startProcess('enqueue', subject)
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
  expect(await world.db.selectFrom('outbox').select('published_at').execute()).toEqual([{ published_at: null }])
  world.worker(takeEffect)
  await untilEffect(subject, 5_000)
})

test("a killed worker's job is taken over and done once", async () => {
  const child = startProcess('worker', longMs)
  const { subject, jobId } = await enqueueJob(world.transact())
  await untilStarted(child)
  await kill(child)
  world.worker(takeEffect)
  await untilEffect(subject, takeoverMs)
  await eventually(async () => expect(await world.outboxRow(jobId)).toBeUndefined())
}, 60_000)

test('a job survives two kills of its worker', async () => {
  const { subject } = await enqueueJob(world.transact())
  for (let kills = 0; kills < 2; kills++) {
    const child = startProcess('worker', longMs)
    await untilStarted(child, takeoverMs + 3_000)
    await kill(child)
  }
  world.worker(takeEffect)
  await untilEffect(subject, takeoverMs)
}, 90_000)

test('a worker that froze and wakes up after its job was taken over does not repeat the effect', async () => {
  const child = startProcess('worker', '1000')
  // Not only Postgres must know that it runs: a process that freezes before it has the answer gives the query up.
  const isRunning = once(child, 'message')
  const { subject } = await enqueueJob(world.transact())
  await isRunning
  child.kill('SIGSTOP')
  world.worker(takeEffect)
  await untilEffect(subject, takeoverMs)
  child.kill('SIGCONT')
  await eventually(async () => expect(await ends()).toEqual([child.pid]), { timeoutMs: 10_000 })
  expect(await world.effects()).toEqual([subject])
}, 60_000)

test('jobs ordered while Redis is dead are done when it is back, by the same relay and worker', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'muster-redis-'))
  const options = {
    program: findRedis(thisMachine(dir, () => {})),
    dir,
    port: await freePort(),
    logFile: join(dir, 'redis.log'),
    isDurable: false,
  }
  const redisUrl = `redis://127.0.0.1:${options.port}`
  const transact = world.transact(world.publisher({ redisUrl }))
  world.worker(takeEffect, { redisUrl })
  const subjects: string[] = []
  const untilAllDone = () =>
    eventually(async () => expect(await world.effects()).toEqual(subjects.toSorted()), { timeoutMs: 15_000 })
  try {
    // Both were started without it, and then it dies under them.
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
}, 60_000)
