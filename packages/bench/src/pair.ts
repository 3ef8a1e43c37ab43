import { type Child, cpuSeconds, rssMiB } from './child.ts'
import { type Cost, type CostMeter, costBetween } from './cost.ts'
import { type Load, type LoadRequest, type LoadResult, startLoad } from './load/load.ts'
import type { Plan } from './plan.ts'
import { median } from './statistics.ts'

export type Server = { pid: number; origin: string }

type Round = LoadResult & {
  /** CPU use of the server, 1 for one core. Far below 1, the load generator or the machine was the bottleneck. */
  busy: number | undefined
  rssMiB: number
  /** Of one request, with the background work that it causes. */
  cost?: Cost
}

export type Pair = {
  musterPerSecond: number
  limitPerSecond: number
  /** Median of the ratios of neighbouring rounds. */
  ratio: number
  rssMiB: number
  limitRssMiB: number
  rounds: { muster: Round; limit: Round; ratio: number }[]
}

type PairOptions = {
  muster: Server
  limit: Server
  requests: LoadRequest[]
  /** Runs before each round: waits until the background work of the previous round is done. */
  settle?: () => Promise<void>
  /** Measures what a request costs each process. */
  meter?: CostMeter
  rounds: number
  seconds: number
  warmUpSeconds: number
}

export const connections = 32

/** Measures both servers in turn, the limit first, with the same requests, cookies and number of connections. */
export async function comparePair(options: PairOptions): Promise<Pair> {
  const { muster, limit, requests, rounds, seconds, warmUpSeconds, settle, meter } = options
  const loader = await startLoad()
  const measure = async (server: Server, forSeconds: number): Promise<Round> => {
    await settle?.()
    const before = await meter?.(server)
    const round = await measureRound(loader, server, {
      origin: server.origin,
      requests,
      connections,
      seconds: forSeconds,
    })
    if (!meter || !before) return round
    await settle?.()
    return { ...round, cost: costBetween(before, await meter(server), round.requests) }
  }
  try {
    for (const server of [limit, muster]) if (warmUpSeconds > 0) await measure(server, warmUpSeconds)
    const measured: Pair['rounds'] = []
    for (let round = 0; round < rounds; round++) {
      const bare = await measure(limit, seconds)
      const own = await measure(muster, seconds)
      measured.push({ muster: own, limit: bare, ratio: own.perSecond / bare.perSecond })
    }
    return pairOf(measured)
  } finally {
    await loader.stop()
  }
}

/** Joins the rounds of pairs that were measured with fresh processes each. */
export const joinPairs = (pairs: readonly Pair[]): Pair => pairOf(pairs.flatMap(({ rounds }) => rounds))

const pairOf = (rounds: Pair['rounds']): Pair => ({
  musterPerSecond: median(rounds.map((round) => round.muster.perSecond)),
  limitPerSecond: median(rounds.map((round) => round.limit.perSecond)),
  ratio: median(rounds.map(({ ratio }) => ratio)),
  rssMiB: Math.max(...rounds.map((round) => round.muster.rssMiB)),
  limitRssMiB: Math.max(...rounds.map((round) => round.limit.rssMiB)),
  rounds,
})

/** Sends requests to each server in turn, so that V8 has optimized its code before it is measured. */
export async function warmUp(servers: readonly Server[], requests: LoadRequest[], seconds: number): Promise<void> {
  if (seconds === 0) return
  const loader = await startLoad()
  try {
    for (const { origin } of servers) await loader.ask({ origin, requests, connections, seconds })
  } finally {
    await loader.stop()
  }
}

async function measureRound(loader: Child<Load, LoadResult>, { pid, origin }: Server, load: Load): Promise<Round> {
  const [cpuBefore, startMs] = [cpuSeconds(pid), performance.now()]
  const result = await loader.ask(load)
  const [cpuAfter, seconds] = [cpuSeconds(pid), (performance.now() - startMs) / 1_000]
  if (result.failures > 0) throw new Error(`${result.failures} requests to ${origin} failed`)
  const busy = cpuBefore === undefined || cpuAfter === undefined ? undefined : (cpuAfter - cpuBefore) / seconds
  return { ...result, busy, rssMiB: rssMiB(pid) }
}

/** Returns the default number and duration of rounds. */
export const defaultRounds = ({ rounds, roundSeconds, warmUpSeconds }: Plan) => ({
  rounds,
  seconds: roundSeconds,
  warmUpSeconds,
})

/** Returns fewer rounds, for a second measurement that only shows how the cost grows. */
export const fewRounds = ({ isSmoke, roundSeconds }: Plan) => ({
  rounds: isSmoke ? 1 : 3,
  seconds: roundSeconds,
  warmUpSeconds: isSmoke ? 0 : 1,
})
