import { startApp } from '../apps.ts'
import { untilArrived } from '../arrivals.ts'
import { type Child, rssMiB, startChild } from '../child.ts'
import { quickSignIn, seatsOf, sendHome, signInCrowd } from '../crowd.ts'
import type { Notified, Notifying } from '../drivers/notify-people.ts'
import { milliseconds } from '../figures.ts'
import { type QuietRound, quietRounds } from '../quiet.ts'
import type { Line, Row } from '../row.ts'
import { startClients } from '../sockets/clients.ts'
import { median, quantile } from '../statistics.ts'

const perSecond = 100
const goalMs = { p50: 15, p99: 60 }
const awayGoalMs = 1_000

type Round = { p50Ms: number; p99Ms: number; maxMs: number }

export const pushLatency: Row = {
  name: 'push-latency',
  number: 14,
  ifMissed:
    "Signal, read and emit are one hop each (decision 038). Next: muster_sequencer_lag_seconds and the event loop's delay of both APIs.",
  async measure(stage) {
    const { plan } = stage
    const apis = await Promise.all([startApp(stage, 'api', quickSignIn), startApp(stage, 'api', quickSignIn)])
    const [first] = apis
    const clients = await startClients()
    const notifier: Child<Notifying, Notified[]> = await startChild(
      new URL('../drivers/notify-people.ts', import.meta.url),
      { DATABASE_URL: stage.databaseUrl, REDIS_URL: stage.redisUrl },
    )
    try {
      const crowd = await signInCrowd(stage, first, plan.sockets)
      await clients.ask({
        open: seatsOf(
          crowd,
          apis.map(({ origin }) => origin),
        ),
      })
      const userIds = crowd.map(({ id }) => id)
      const measureRound = async (seconds: number): Promise<Round> => {
        await clients.ask({ forget: true })
        const notified = await notifier.ask({ userIds, perSecond, seconds })
        const arrived = await untilArrived(
          clients,
          notified.map(([number]) => number),
          1,
        )
        const latenciesMs = notified.map(([number, atMs]) => (arrived.get(number)?.firstMs ?? Number.NaN) - atMs)
        return {
          p50Ms: quantile(latenciesMs, 0.5),
          p99Ms: quantile(latenciesMs, 0.99),
          maxMs: quantile(latenciesMs, 1),
        }
      }
      await measureRound(Math.min(plan.chatSeconds, 5))
      const rounds = await quietRounds(plan.rounds, () => measureRound(plan.chatSeconds))
      const memoryMiB = Math.max(...apis.map(({ pid }) => rssMiB(pid)))
      stage.pauseRedis(true)
      const away = await measureRound(plan.chatSeconds).finally(() => stage.pauseRedis(false))
      return linesOf(rounds, away, { memoryMiB, sockets: plan.sockets })
    } finally {
      await Promise.all([notifier.stop(), clients.stop()])
      await Promise.all(apis.map((api) => api.stop()))
      await sendHome(stage)
    }
  },
}

function linesOf(
  rounds: QuietRound<Round>[],
  away: Round,
  { memoryMiB, sockets }: { memoryMiB: number; sockets: number },
): Line[] {
  const counted = rounds.filter(({ isCounted }) => isCounted)
  const p50Ms = median(counted.map((round) => round.p50Ms))
  const p99Ms = median(counted.map((round) => round.p99Ms))
  return [
    {
      what: `notification committed → received, ${sockets} sockets on two APIs, ${perSecond}/s, p50 and p99`,
      muster: `${milliseconds(p50Ms)}, ${milliseconds(p99Ms)}`,
      limit: '–',
      goal: `≤ ${goalMs.p50} ms, ≤ ${goalMs.p99} ms`,
      isReached: p50Ms <= goalMs.p50 && p99Ms <= goalMs.p99,
      rssMiB: memoryMiB,
      details: rounds,
    },
    {
      what: 'the same with Redis frozen, the slowest',
      muster: milliseconds(away.maxMs),
      limit: '–',
      goal: `≤ ${awayGoalMs} ms`,
      isReached: away.maxMs <= awayGoalMs,
      details: away,
    },
  ]
}
