import { besidePool, createDb, type Db } from '@muster/db'
import { pubSubRedis } from '@muster/redis'
import { type Signal, subscribeSignals } from '@muster/signals'
import { trackOutage } from '@muster/telemetry'
import type { Deps } from '../../deps.ts'

type SignalEvent = Signal['event']

/** Receives for the sockets of this instance: signals, and polls that replace those that got lost. */
export type SignalHub = {
  /** Calls the listener with each signal of one of these events, of this process and of all others. */
  on(event: SignalEvent, listener: (signal: Signal) => void): void
  /**
   * Calls the listener when signals arrive again after they did not, and some may have got lost. The poll that follows makes good what
   * has numbers.
   */
  onGap(listener: () => void): void
  /**
   * Calls the listener with each poll while a client is connected: every 2 s, and every 250 ms while signals do not arrive. Polls never
   * overlap. A failure is logged, and the next poll comes.
   */
  onPoll(listener: () => Promise<void>): void
  /** Polls at once. */
  pollNow(): void
  /** Whether signals arrive, as far as is known. */
  isConnected(): boolean
  /** Connections to Postgres for what polls and signals make read, so that requests do not delay it. */
  db: Db
  close(): Promise<void>
}

const tickMs = 250
/** A lost signal is made good within 2 s, reading included. */
const calmIntervalMs = 1_750
const statementTimeoutMs = 2_000
/** A frozen Redis is given up after this time: another one may be at its address. */
const redisPatienceMs = 5_000

/** @param options.hasConnections tells whether anybody is connected, for whom to poll */
export function startSignalHub(
  { config, publisher, log }: Pick<Deps, 'config' | 'publisher' | 'log'>,
  { hasConnections }: { hasConnections: () => boolean },
): SignalHub {
  const db = createDb({
    ...config.database,
    poolMax: besidePool.realtime,
    applicationName: 'muster-api-realtime',
    pool: 'realtime',
    statementTimeoutMs,
  })
  const outage = trackOutage({
    log,
    fields: { dependency: 'postgres', component: 'realtime' },
    down: 'poll of realtime failed, deliveries may be late',
    up: 'poll of realtime succeeded again',
  })
  const listeners = new Map<SignalEvent, ((signal: Signal) => void)[]>()
  const gapListeners: (() => void)[] = []
  const pollListeners: (() => Promise<void>)[] = []

  const guarded = (work: () => void) => {
    try {
      work()
    } catch (error) {
      log.error({ component: 'realtime', err: error }, 'listener of signals failed')
    }
  }
  const tell = (signals: readonly Signal[]) => {
    for (const signal of signals)
      for (const listener of listeners.get(signal.event) ?? []) guarded(() => listener(signal))
  }

  let isClosed = false
  let lastPollMs = Number.NEGATIVE_INFINITY
  let polling: Promise<void> | undefined
  let isWanted = false
  const pollAll = async () => {
    lastPollMs = performance.now()
    const results = await Promise.allSettled(pollListeners.map((listener) => listener()))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) outage.failed(failed.reason)
    else outage.succeeded()
  }
  const pollNow = () => {
    if (isClosed || !hasConnections()) return
    isWanted = polling !== undefined
    polling ??= pollAll().finally(() => {
      polling = undefined
      if (isWanted) pollNow()
    })
  }
  const timer = setInterval(() => {
    const intervalMs = subscription.isConnected() ? calmIntervalMs : 0
    if (!polling && performance.now() - lastPollMs >= intervalMs) pollNow()
  }, tickMs)

  const subscription = subscribeSignals(
    {
      redis: pubSubRedis(config.redis, { autoResubscribe: false, socketTimeout: redisPatienceMs }),
      ownId: publisher.signals.id,
    },
    {
      onSignals: tell,
      onSilence: pollNow,
      onResume(mayHaveMissed) {
        if (mayHaveMissed) for (const listener of gapListeners) guarded(listener)
        pollNow()
      },
    },
  )
  publisher.signals.onSent(tell)

  return {
    on(event, listener) {
      listeners.set(event, [...(listeners.get(event) ?? []), listener])
    },
    onGap: (listener) => void gapListeners.push(listener),
    onPoll: (listener) => void pollListeners.push(listener),
    pollNow,
    isConnected: subscription.isConnected,
    db,
    async close() {
      isClosed = true
      clearInterval(timer)
      subscription.close()
      await polling
      await db.destroy()
    },
  }
}
