import { type Clock, type Db, isDatabaseError, systemClock } from '@muster/db'
import type { Logger } from '@muster/logger'
import { failFastRedis, pubSubRedis, type RedisClient, type RedisSettings } from '@muster/redis'
import { createSignals, type Signals } from '@muster/signals'
import { type Outage, trackOutage } from '@muster/telemetry'
import { runForAll } from '@muster/tracing'
import { chainAudit } from '../definitions/chain-audit.ts'
import { queueNames } from '../definitions/define-job.ts'
import { type HoldWatch, watchHold } from '../hold/watch-hold.ts'
import { probeRedis } from '../redis/probe.ts'
import { openQueue } from '../redis/queue.ts'
import { periodsMs } from '../schedules/schedules-and-retries.ts'
import type { Nudge } from './effects.ts'
import { areSameEpochs, type Epochs, lostQueues, readEpochs } from './epoch.ts'
import { createFastPath } from './fast-path.ts'
import { createAnnouncements } from './process-list.ts'
import type { Queues } from './publish.ts'
import { findWork, publishPending, unpublish } from './slow-path.ts'
import { watchOwner } from './watch-owner.ts'

/** Publishes outbox rows to BullMQ. Every process that enqueues jobs runs one. */
export type Publisher = Nudge & {
  signals: Pick<Signals, 'id' | 'onSent'>
  /** Probes Redis over the publisher's connection, by writes. @throws the error of Redis or of the connection */
  probe(): Promise<void>
  /** Calls a listener with whether Redis belongs to this installation, at each change. It is taken for granted at first. */
  onOwner(listener: (isOwn: boolean) => void): void
  /** Whether this installation is a restored copy that is held. A held copy publishes its jobs; workers leave them. */
  hold: Pick<HoldWatch, 'isHeld' | 'askHeld' | 'onChange'>
  close(): Promise<void>
}

type PublisherOptions = {
  db: Db
  redisSettings: RedisSettings
  log: Logger
  /** The delay of a job with a `runAt` is computed from this clock's time. */
  clock?: Clock
  /** Rows published this long ago and not acknowledged are published again; the job id makes that harmless. */
  republishAfterMs?: number
}

/** Signals within this time become one: a batch of the chain costs much more than a row of it. */
const wakeUpDelayMs = 250

/**
 * Publishes the rows of its own process right after their commit (fast path), polls the outbox every second for rows of
 * others (slow path), and publishes every pending row again when Redis lost its data (its epoch is missing or changed).
 * While Redis or Postgres is unavailable, it keeps polling and the rows stay pending.
 */
export function startPublisher({
  db,
  redisSettings,
  log,
  clock = systemClock,
  republishAfterMs = periodsMs.republish,
}: PublisherOptions): Publisher {
  const redis = failFastRedis(redisSettings, { enableAutoPipelining: false })
  // Its own connection: a signal must not wait behind a batch of jobs.
  const signals = createSignals({ redis: pubSubRedis(redisSettings), log })
  let queues: Queues | undefined
  let epochs: Epochs | undefined
  const owner = watchOwner(db, redis)
  const announcements = createAnnouncements(redis, String(log.bindings().name), () => clock.now().getTime())
  let isClosing = false
  let isWanted = false
  let running: Promise<void> | undefined
  const outages = trackOutages(log)
  const fastPath = createFastPath({
    db,
    clock,
    getQueues: () => queues,
    isSameRedis: () => areSameEpochs(redis, epochs),
    onFailed: outages.failed,
    onPublished: outages.over,
  })

  owner.onChange((isOwn) => {
    if (!isOwn) fastPath.clear()
  })

  const drain = async () => {
    // The next poll after Redis reconnects resumes publishing.
    while (isWanted && !isClosing && redis.status === 'ready') {
      queues ??= await openQueues(redis)
      fastPath.resume()
      isWanted = false
      await publishPending({ db, queues, clock, onPublished: outages.over, isClosing: () => isClosing })
    }
  }

  const startDraining = () => {
    isWanted = true
    running ??= drain().then(
      () => {
        running = undefined
        if (isWanted && !isClosing && redis.status === 'ready') startDraining()
      },
      (error: unknown) => {
        // The next poll tries again.
        running = undefined
        outages.failed(error)
      },
    )
  }

  const poll = async () => {
    if (isClosing) return
    const { heldAt, hasPending, hasStale } = await findWork(db, republishAfterMs)
    hold.note({ heldAt })
    if (redis.status !== 'ready') return
    await owner.check()
    await announcements.announce()
    const seen = await readEpochs(redis)
    // A process that has just started does not react to a changed epoch: those that ran when Redis was flushed do.
    const lost = lostQueues(epochs, seen)
    // A row that is marked after this would hide a job that Redis has lost.
    if (lost.length > 0) await fastPath.reset()
    const jobs = await unpublish(db, lost, 0)
    if (jobs > 0)
      log.warn({ component: 'publisher', jobs, queues: lost }, 'redis data lost, pending jobs published again')
    if (hasStale) await unpublish(db, queueNames, republishAfterMs)
    epochs = seen.epochs
    if (!queues || jobs > 0 || hasPending || hasStale) startDraining()
    else fastPath.resume()
  }

  let polling: Promise<void> | undefined
  const pollNow = () => {
    polling ??= poll()
      .catch(outages.failed)
      .finally(() => {
        polling = undefined
      })
    return polling
  }
  const hold = watchHold({ log, read: () => runForAll(pollNow) })
  void pollNow()
  const timer = setInterval(pollNow, periodsMs.pollOutbox)

  let isAway = false
  redis.on('ready', () => {
    isAway = false
    pollNow()
  })
  redis.on('close', () => {
    isAway = true
    fastPath.clear()
  })
  const auditSignal = createAuditSignal(() => queues)

  return {
    nudge(rows) {
      if (!isAway && !isClosing && !owner.foreign()) runForAll(() => fastPath.push(rows))
    },
    wakeAuditWorker: auditSignal.send,
    signal: signals.send,
    signals,
    async probe() {
      const foreign = owner.foreign()
      if (foreign) throw foreign
      await probeRedis(redis)
    },
    onOwner: owner.onChange,
    hold,
    async close() {
      isClosing = true
      clearInterval(timer)
      auditSignal.cancel()
      await polling
      await running
      await fastPath.close()
      await announcements.withdraw()
      await Promise.all([...(queues?.values() ?? [])].map((queue) => queue.close()))
      redis.disconnect()
      signals.close()
    },
  }
}

async function openQueues(redis: RedisClient): Promise<Queues> {
  return new Map(await Promise.all(queueNames.map(async (name) => [name, await openQueue(name, redis)] as const)))
}

/** Wakes the audit worker a moment later, once for all signals until then. */
function createAuditSignal(getQueues: () => Queues | undefined) {
  let timer: NodeJS.Timeout | undefined
  const options = { deduplication: { id: chainAudit.name }, removeOnComplete: true, removeOnFail: true }
  return {
    send() {
      timer ??= setTimeout(() => {
        timer = undefined
        getQueues()
          ?.get(chainAudit.queue)
          ?.add(chainAudit.name, {}, options)
          .catch(() => {})
      }, wakeUpDelayMs)
    },
    cancel: () => clearTimeout(timer),
  }
}

/** Logs once per change what keeps the publisher from publishing. */
function trackOutages(log: Logger) {
  const track = (dependency: string): Outage =>
    trackOutage({
      log,
      fields: { dependency, component: 'publisher' },
      down: 'publisher paused, jobs stay in the outbox',
      up: 'publisher resumed',
    })
  const [postgres, redis] = [track('postgres'), track('redis')]
  return {
    failed: (error: unknown) => (isDatabaseError(error) ? postgres : redis).failed(error),
    over() {
      postgres.succeeded()
      redis.succeeded()
    },
  }
}
