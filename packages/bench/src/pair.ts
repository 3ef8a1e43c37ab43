import { type Child, cpuSeconds, rssMiB } from './child.ts'
import { type Load, type LoadRequest, type LoadResult, startLoad } from './load/load.ts'
import type { Plan } from './plan.ts'
import { median } from './statistics.ts'

export type Server = { pid: number; origin: string }

type Round = LoadResult & {
  /** Share of one core that the server used; far below 1, the machine or the load was the limit and not the server. */
  busy: number | undefined
  rssMiB: number
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
  /** Waits before each round until what the last one left behind is done. */
  settle?: () => Promise<void>
  rounds: number
  seconds: number
  warmUpSeconds: number
}

export const connections = 32

/** Loads both sides in turn, limit first, with the same requests, cookies and number of connections. */
export async function comparePair(options: PairOptions): Promise<Pair> {
  const { muster, limit, requests, rounds, seconds, warmUpSeconds, settle } = options
  const loader = await startLoad()
  const measure = async (server: Server, forSeconds: number) => {
    await settle?.()
    return measureRound(loader, server, { origin: server.origin, requests, connections, seconds: forSeconds })
  }
  try {
    for (const server of [limit, muster]) if (warmUpSeconds > 0) await measure(server, warmUpSeconds)
    const measured: Pair['rounds'] = []
    for (let round = 0; round < rounds; round++) {
      const bare = await measure(limit, seconds)
      const own = await measure(muster, seconds)
      measured.push({ muster: own, limit: bare, ratio: own.perSecond / bare.perSecond })
    }
    return {
      musterPerSecond: median(measured.map((round) => round.muster.perSecond)),
      limitPerSecond: median(measured.map((round) => round.limit.perSecond)),
      ratio: median(measured.map(({ ratio }) => ratio)),
      rssMiB: Math.max(...measured.map((round) => round.muster.rssMiB)),
      limitRssMiB: Math.max(...measured.map((round) => round.limit.rssMiB)),
      rounds: measured,
    }
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

/** How often and how long a pair is measured, unless a row knows better. */
export const usualRounds = ({ rounds, roundSeconds, warmUpSeconds }: Plan) => ({
  rounds,
  seconds: roundSeconds,
  warmUpSeconds,
})

/** For a second look that only shows how cost grows. */
export const fewRounds = ({ isSmoke, roundSeconds }: Plan) => ({
  rounds: isSmoke ? 1 : 3,
  seconds: roundSeconds,
  warmUpSeconds: 1,
})
