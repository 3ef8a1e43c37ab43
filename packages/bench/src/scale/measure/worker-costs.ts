import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@muster/db'
import { startApp } from '../../apps.ts'
import { settleAudit } from '../../audit-lag.ts'
import { type Child, rssMiB, startChild } from '../../child.ts'
import type { DrainAnswer, OutboxSample } from '../../drivers/drain-outbox.ts'
import type { Notified, Notifying } from '../../drivers/notify-people.ts'
import { startSmtpSink } from '../../drivers/smtp-sink.ts'
import { clearUploads, insertUploads, makePhotos, untilReady } from '../../images.ts'
import { chain } from '../../rows/audit-chain.ts'
import { fillOutbox } from '../../rows/outbox-drain.ts'
import { burst, insertUsersWithTasks } from '../../rows/reminders.ts'
import type { Stage } from '../../stage.ts'
import type { Cost } from '../constants.ts'
import { costOf } from './probe.ts'

const patienceMs = 600_000

type Measured = { cost: Cost; rssMiB: number }

const driver = <Question, Answer>(stage: Stage, name: string): Promise<Child<Question, Answer>> =>
  startChild(new URL(`../../drivers/${name}.ts`, import.meta.url), {
    DATABASE_URL: stage.databaseUrl,
    REDIS_URL: stage.redisUrl,
  })

/** Measures the publishing of jobs from an outbox that is full, by one publisher. */
export async function measureOutbox(stage: Stage, count: number): Promise<Cost> {
  const publisher = await driver<OutboxSample, DrainAnswer>(stage, 'drain-outbox')
  const publish = async () => {
    const ids = Array.from({ length: count }, newId)
    await fillOutbox(stage, ids)
    const cost = await costOf(stage, { pids: { api: publisher.pid }, count }, () => publisher.ask({ ids }))
    await stage.db.query('truncate outbox')
    return cost
  }
  try {
    return await publish()
  } finally {
    await publisher.stop()
    await stage.redis.flushall()
  }
}

/** Measures mails to a local SMTP server that answers at once, and how much memory of Redis each of them takes while it waits. */
export async function measureMails(stage: Stage, count: number): Promise<Measured & { redisBytesPerJob: number }> {
  const sink = await startSmtpSink({ delayMs: 0 })
  const enqueuer = await driver<{ count: number }, void>(stage, 'enqueue-mails')
  const sent = async (total: number) => {
    const deadlineMs = performance.now() + patienceMs
    for (;;) {
      const { rows } = await stage.db.query<{ sent: number }>(
        `select count(*)::int4 as sent from email_messages where status = 'sent'`,
      )
      if ((rows[0]?.sent ?? 0) >= total) return
      if (performance.now() > deadlineMs) throw new Error(`${total} mails were not sent within ${patienceMs} ms`)
      await sleep(100)
    }
  }
  try {
    const before = await redisBytes(stage)
    await enqueuer.ask({ count })
    await published(stage)
    const redisBytesPerJob = ((await redisBytes(stage)) - before) / count
    // The first mails warm up the worker.
    const worker = await startApp(stage, 'email-worker', { SMTP_URL: sink.url })
    try {
      await sent(count)
      const pids = { 'email-worker': worker.pid, api: enqueuer.pid }
      const cost = await costOf(stage, { pids, count, countsRows: true }, async () => {
        await enqueuer.ask({ count })
        await sent(2 * count)
      })
      return { cost, rssMiB: rssMiB(worker.pid), redisBytesPerJob }
    } finally {
      await worker.stop()
    }
  } finally {
    await enqueuer.stop()
    await sink.close()
  }
}

/** Measures the rows of notifications, each in its own transaction as workers write them. */
export async function measureNotifications(stage: Stage, userIds: string[], count: number): Promise<Cost> {
  const notifier = await driver<Notifying, Notified[]>(stage, 'notify-people')
  const perSecond = 250
  const notify = (count: number) => notifier.ask({ userIds, perSecond, seconds: count / perSecond })
  try {
    await notify(count / 2)
    return await costOf(stage, { pids: { api: notifier.pid }, count, countsRows: true }, () => notify(count))
  } finally {
    await notifier.stop()
  }
}

/** Measures reminders from the claim until the notification and the mail of each are written. */
export async function measureReminders(stage: Stage, count: number): Promise<Measured> {
  await insertUsersWithTasks(stage, 1_000)
  const worker = await startApp(stage, 'reminder-worker')
  const bursts = { ...stage, plan: { ...stage.plan, burstReminders: count } }
  try {
    await burst(bursts, worker.pid)
    const cost = await costOf(stage, { pids: { 'reminder-worker': worker.pid }, count, countsRows: true }, () =>
      burst(bursts, worker.pid),
    )
    return { cost, rssMiB: rssMiB(worker.pid) }
  } finally {
    await worker.stop()
  }
}

/** Measures rows of the audit log: what each costs, and how many a second one worker chains under the lock of the head. */
export async function measureChain(stage: Stage, count: number): Promise<Measured & { rowsPerSecond: number }> {
  const worker = await startApp(stage, 'audit-worker')
  try {
    await settleAudit(stage)
    await chain(stage, count)
    let rowsPerSecond = 0
    const cost = await costOf(stage, { pids: { 'audit-worker': worker.pid }, count, countsRows: true }, async () => {
      rowsPerSecond = await chain(stage, count)
    })
    return { cost, rssMiB: rssMiB(worker.pid), rowsPerSecond }
  } finally {
    await worker.stop()
  }
}

/** Measures photos of 12 megapixels until their WebP and thumbnail are stored. */
export async function measureImages(stage: Stage, count: number): Promise<Measured> {
  const enqueuer = await driver<{ ids: string[] }, void>(stage, 'enqueue-images')
  const files = await makePhotos(stage)
  const worker = await startApp(stage, 'image-worker')
  const process = async (ids: string[]) => {
    await enqueuer.ask({ ids })
    await untilReady(stage, ids.length, { patienceMs })
  }
  try {
    await process(await insertUploads(stage, files, 1))
    await clearUploads(stage)
    const ids = await insertUploads(stage, files, count)
    const cost = await costOf(stage, { pids: { 'image-worker': worker.pid }, count, countsRows: true }, () =>
      process(ids),
    )
    const used = rssMiB(worker.pid)
    await clearUploads(stage)
    return { cost, rssMiB: used }
  } finally {
    await Promise.all([worker.stop(), enqueuer.stop()])
  }
}

/** Waits until every row of the outbox was published. */
async function published({ db }: Pick<Stage, 'db'>): Promise<void> {
  const deadlineMs = performance.now() + patienceMs
  while ((await db.query('select from outbox where published_at is null limit 1')).rowCount) {
    if (performance.now() > deadlineMs) throw new Error(`The outbox was not published within ${patienceMs} ms.`)
    await sleep(50)
  }
}

/** Returns the memory that Redis uses for data. */
export async function redisBytes({ redis }: Pick<Stage, 'redis'>): Promise<number> {
  return Number(/used_memory_dataset:(\d+)/.exec(await redis.info('memory'))?.[1])
}
