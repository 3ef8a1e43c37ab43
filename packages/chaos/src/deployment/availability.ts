import { setTimeout as sleep } from 'node:timers/promises'
import { type Muster, MusterError } from '@muster/client'

/** A time in which something could not be used, seen from outside. */
export type Outage = {
  what: 'requests' | 'connection'
  at: string
  lastedMs: number
  reasons: string[]
  isOpen: boolean
}

export type Availability = {
  requests(): number
  /** Ends watching. @returns the times without an answer, or without a connection */
  stop(): Promise<Outage[]>
}

const pauseMs = 250
const timeoutMs = 3_000

/** Reads the user's own profile four times a second and follows the socket, and notes when either is out of reach. */
export function watchAvailability(muster: Muster): Availability {
  const requests = trackOutages('requests')
  const connection = trackOutages('connection')
  let count = 0
  let isStopping = false
  const follow = () => {
    const state = muster.realtime().connection.getSnapshot()
    if (state === 'open') connection.works()
    else connection.fails(state)
  }
  const unfollow = muster.realtime().connection.subscribe(follow)
  const running = (async () => {
    while (!isStopping) {
      count++
      await muster.users
        .me({ maxAttempts: 1, timeoutMs })
        .then(requests.works, (error: unknown) => requests.fails(codeOf(error)))
      await sleep(pauseMs)
    }
  })()
  return {
    requests: () => count,
    async stop() {
      isStopping = true
      await running
      unfollow()
      return [...requests.end(), ...connection.end()]
    },
  }
}

const codeOf = (error: unknown) =>
  error instanceof MusterError ? `${error.status || ''} ${error.code}`.trim() : String(error)

function trackOutages(what: Outage['what']) {
  const outages: Outage[] = []
  let current: { startMs: number; at: string; reasons: Set<string> } | undefined
  const close = (isOpen: boolean) => {
    if (!current) return
    const { startMs, at, reasons } = current
    outages.push({ what, at, lastedMs: Math.round(performance.now() - startMs), reasons: [...reasons], isOpen })
    current = undefined
  }
  return {
    works: () => close(false),
    fails(reason: string) {
      current ??= { startMs: performance.now(), at: new Date().toISOString(), reasons: new Set() }
      current.reasons.add(reason)
    },
    end() {
      close(true)
      return outages
    },
  }
}
