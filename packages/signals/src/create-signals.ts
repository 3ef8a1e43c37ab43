import { randomUUID } from 'node:crypto'
import type { Logger } from '@muster/logger'
import type { RedisClient } from '@muster/redis'
import { trackOutage } from '@muster/telemetry'
import { channelOf } from './channel.ts'
import { createLostSignals } from './lost-signals.ts'
import { signalsTotal } from './metrics.ts'
import type { Signal } from './signal.ts'

export type Signals = {
  /** Identifies this process among the publishers. */
  readonly id: string
  /**
   * Returns at once and never throws. The signals of one tick go out as one message. Signals that Redis does not take are lost; once it
   * takes signals again, a signal `stale` names the events which only a client can make good.
   */
  send(signals: readonly Signal[]): void
  /** Calls a listener with the signals of this process, which need no Redis. */
  onSent(listener: (signals: readonly Signal[]) => void): void
  close(): void
}

/** Losses are told within this time after Redis is available again. */
const retryMs = 500

/**
 * Creates the publisher of signals on a connection of its own, which fails at once while Redis is unavailable, and which has a
 * `socketTimeout`, so that nothing collects in memory before a frozen Redis.
 */
export function createSignals({ redis, log }: { redis: RedisClient; log: Logger }): Signals {
  const id = randomUUID()
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'signals' },
    down: 'signals not published, polls replace them',
    up: 'signals published again',
  })
  const lost = createLostSignals()
  const listeners: ((signals: readonly Signal[]) => void)[] = []
  let waiting: Signal[] = []
  let retry: NodeJS.Timeout | undefined
  let isClosed = false

  const publish = (signals: Signal[]) =>
    redis.publish(channelOf(redis), JSON.stringify({ from: id, signals })).then(
      () => {
        signalsTotal.inc({ result: 'sent' }, signals.length)
        outage.succeeded()
      },
      (error: unknown) => {
        signalsTotal.inc({ result: 'failed' }, signals.length)
        lost.add(signals)
        if (isClosed) return
        outage.failed(error)
        if (!lost.isEmpty) retry ??= setTimeout(tellLosses, retryMs)
      },
    )
  const tellLosses = async () => {
    retry = undefined
    if (isClosed) return
    if (redis.status === 'ready') await publish(lost.take())
    else retry = setTimeout(tellLosses, retryMs)
  }
  const flush = () => {
    const signals = waiting
    waiting = []
    void publish(signals)
    for (const listener of listeners) listener(signals)
  }

  return {
    id,
    send(signals) {
      if (isClosed || signals.length === 0) return
      if (waiting.length === 0) queueMicrotask(flush)
      for (const signal of signals) waiting.push(signal)
    },
    onSent: (listener) => void listeners.push(listener),
    close() {
      isClosed = true
      clearTimeout(retry)
      redis.disconnect()
    },
  }
}
