import type { RedisClient } from '@muster/redis'
import { readJson } from '@muster/text'
import { channelOf } from './channel.ts'
import { signalsTotal } from './metrics.ts'
import { type Signal, signal, signalMessage } from './signal.ts'

export type SignalListener = {
  /** Receives signals of other processes. It must not throw. */
  onSignals(signals: readonly Signal[]): void
  /** Is called when signals cease to arrive: the connection was lost, or Redis does not respond. */
  onSilence(): void
  /**
   * Is called when signals arrive again.
   * @param mayHaveMissed whether some got lost meanwhile. A Redis that was only slow delivers them late
   */
  onResume(mayHaveMissed: boolean): void
}

export type Subscription = {
  /** Whether signals arrive, as far as is known. */
  isConnected(): boolean
  close(): void
}

const pingIntervalMs = 250
/** Redis counts as away after so many intervals without a response. */
const patienceIntervals = 2

/**
 * Subscribes to the signals of all other processes.
 * @param redis a connection of its own, with `autoResubscribe: false`, a delay between attempts to connect, and a `socketTimeout`
 *   after which a frozen Redis is given up
 * @param ownId the id of this process as a publisher, whose signals are skipped
 */
export function subscribeSignals(
  { redis, ownId }: { redis: RedisClient; ownId: string },
  listener: SignalListener,
): Subscription {
  const channel = channelOf(redis)
  let isSubscribed = false
  let isSilent = true
  let unanswered = 0

  const silence = () => {
    if (isSilent) return
    isSilent = true
    listener.onSilence()
  }
  const resume = (mayHaveMissed: boolean) => {
    if (!isSilent) return
    isSilent = false
    listener.onResume(mayHaveMissed)
  }
  const heard = () => {
    unanswered = 0
    if (isSubscribed) resume(false)
  }
  const subscribe = () => {
    redis.subscribe(channel).then(
      () => {
        isSubscribed = true
        unanswered = 0
        resume(true)
      },
      // The connection ends and is opened anew, or the next ping tries again.
      () => {},
    )
  }
  const timer = setInterval(() => {
    if (redis.status !== 'ready') return
    if (!isSubscribed) return subscribe()
    if (unanswered >= patienceIntervals) silence()
    // The one ping without a response keeps the time for which the connection waits at most.
    if (unanswered++ === 0) redis.ping().then(heard, () => {})
  }, pingIntervalMs)

  redis.on('ready', subscribe)
  redis.on('close', () => {
    isSubscribed = false
    unanswered = 0
    silence()
  })
  redis.on('message', (_channel: string, text: string) => {
    heard()
    const signals = readSignals(text, ownId)
    if (signals.length > 0) listener.onSignals(signals)
  })

  return {
    isConnected: () => !isSilent,
    close() {
      clearInterval(timer)
      redis.disconnect()
    },
  }
}

function readSignals(text: string, ownId: string): Signal[] {
  const message = readJson(signalMessage, text)
  if (message?.from === ownId) return []
  const found = message?.signals.map((candidate) => signal.safeParse(candidate).data) ?? [undefined]
  const signals = found.filter((candidate) => candidate !== undefined)
  signalsTotal.inc({ result: 'received' }, signals.length)
  if (signals.length < found.length) signalsTotal.inc({ result: 'invalid' }, found.length - signals.length)
  return signals
}
