import { type Db, type ReplayState, readServerState, type WalPosition } from '@muster/db'
import { lagSeconds } from './metrics.ts'

/** The reason for which a replica is not used: nothing answers, it is behind, it is no standby (any more), or one of another primary. */
export type Obstacle = 'unavailable' | 'behind' | 'writable' | 'foreign'

/** Compares a replica with its primary several times a second. */
export type ReplicaWatch = {
  /** Tells why the replica cannot be used; undefined when it can. */
  obstacle(): Obstacle | undefined
  /** Judges the state that the server at the end of one connection told just now. */
  judge(server: ReplayState): Obstacle | undefined
  /** How old the data of the replica is at most, in milliseconds. */
  behindMs(): number
  /** Counts as a failed comparison, so that no further read waits for a server that is not there. */
  failed(): void
  /** Calls the listener when the replica ceases to answer. @returns a function that removes it */
  onLost(listener: () => void): () => void
  close(): void
}

/** The data of a replica that is used is at most this old. */
const maxBehindMs = 1_000
const intervalMs = 200
/** A server that takes longer is not there. */
const patienceMs = 400
/** Older positions of the primary prove nothing any more. */
const keptMs = 2 * maxBehindMs

/**
 * Starts the comparison. How old a replica's data is follows from the positions of the primary: it has everything that was committed
 * before the moment at which the primary was at the position that the replica has replayed. So an idle primary is not taken for lag.
 */
export function watchReplica({ primary, replica }: { primary: Db; replica: Db }): ReplicaWatch {
  const startMs = performance.now()
  let samples: { atMs: number; position: WalPosition }[] = []
  let identity: string | undefined
  let known: (ReplayState & { identity: string }) | undefined
  let isAnswering = false
  const listeners = new Set<() => void>()

  const coveredMs = (position: WalPosition) => samples.findLast((sample) => sample.position <= position)?.atMs
  const ageMs = (position: WalPosition | undefined) =>
    performance.now() - ((position === undefined ? undefined : coveredMs(position)) ?? startMs)

  const judge: ReplicaWatch['judge'] = (server) => {
    if (!server.isStandby) return 'writable'
    return coveredMs(server.position) === undefined || ageMs(server.position) > maxBehindMs ? 'behind' : undefined
  }
  const setAnswering = (isNow: boolean) => {
    const isLost = isAnswering && !isNow
    isAnswering = isNow
    if (isLost) for (const listener of [...listeners]) listener()
  }
  const askPrimary = once(async () => {
    const atMs = performance.now()
    const server = await withPatience(readServerState(primary))
    identity = server.identity
    samples = [...samples.filter((sample) => atMs - sample.atMs < keptMs), { atMs, position: server.position }]
  })
  const askReplica = once(() =>
    withPatience(readServerState(replica)).then(
      (server) => {
        known = server
        setAnswering(true)
      },
      () => setAnswering(false),
    ),
  )
  const compare = async () => {
    await askPrimary().catch(() => {})
    await askReplica()
    lagSeconds.set({ dependency: 'replica' }, ageMs(known?.position) / 1_000)
  }
  const timer = setInterval(() => void compare(), intervalMs)
  void compare()

  return {
    obstacle() {
      if (!isAnswering || !known) return 'unavailable'
      return known.isStandby && identity !== undefined && known.identity !== identity ? 'foreign' : judge(known)
    },
    judge,
    behindMs: () => ageMs(known?.position),
    failed: () => setAnswering(false),
    onLost(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close() {
      clearInterval(timer)
    },
  }
}

/** Wraps a call so that no second one starts while one runs. */
function once(call: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => {
    running ??= call().finally(() => {
      running = undefined
    })
    return running
  }
}

/** Bounds the wait for an answer. An answer that arrived while this process was busy counts. */
function withPatience<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => setImmediate(() => setImmediate(reject, new Error('timeout'))), patienceMs)
  })
  return Promise.race([answer, timeout]).finally(() => clearTimeout(timer))
}
