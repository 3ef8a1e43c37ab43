import type { Logger } from '@muster/logger'
import { trackOutage } from '@muster/telemetry'
import type { Redis } from 'ioredis'
import type { Signal } from './signal.ts'

/** The one channel, on which all processes of an installation publish. */
export const signalChannel = 'muster:signals:v1'

/**
 * Creates the publisher of signals on a connection of its own, whose commands fail at once while Redis is unavailable.
 * @returns a function that returns at once and never throws. The signals of one tick go out as one message. Signals that Redis
 *   does not take are lost, see {@link Signal}
 */
export function createSignals({ redis, log }: { redis: Redis; log: Logger }): (signals: readonly Signal[]) => void {
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'signals' },
    down: 'signals not published, polls replace them',
    up: 'signals published again',
  })
  let waiting: Signal[] = []
  const send = () => {
    const batch = JSON.stringify(waiting)
    waiting = []
    redis.publish(signalChannel, batch).then(() => outage.succeeded(), outage.failed)
  }
  return (signals) => {
    if (waiting.length === 0) queueMicrotask(send)
    waiting.push(...signals)
  }
}
