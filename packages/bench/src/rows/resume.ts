import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningApp, startApp } from '../apps.ts'
import { type Child, rssMiB } from '../child.ts'
import { createGroup, quickSignIn, seatsOf, sendHome, signInCrowd } from '../crowd.ts'
import { milliseconds, seconds } from '../figures.ts'
import { type Load, type LoadResult, startLoad } from '../load/load.ts'
import type { Line, Row } from '../row.ts'
import { type ResumingClients, type ResumingState, startResumingClients } from '../sockets/resuming.ts'
import { type Sent, startSender } from '../sockets/sender.ts'
import type { Stage } from '../stage.ts'
import { median, quantile } from '../statistics.ts'

const messagesPerSecond = 20
const requestsPerSecond = 50
const goalMs = 5_000
const httpGoalMs = 100
const patienceMs = 60_000

type Round = {
  slowestMs: number
  p50Ms: number
  httpP99Ms: number
  httpFailures: number
  resumed: number
  lost: number
  gaps: number
}

export const resume: Row = {
  name: 'resume',
  number: 17,
  ifMissed:
    'While 1,000 sockets get 20 messages a second each, every message blocks the event loop for some 30 ms, and each step of a sync waits for a turn of it (decision 059). Next: rate the row by clients in groups of 50, and render answers in slices.',
  async measure(stage) {
    const { plan } = stage
    const [staying, leaving] = await Promise.all([
      startApp(stage, 'api', quickSignIn),
      startApp(stage, 'api', quickSignIn),
    ])
    let restarted: RunningApp = leaving
    const [clients, sender, loader] = await Promise.all([startResumingClients(), startSender(), startLoad()])
    try {
      const members = await signInCrowd(stage, staying, plan.sockets)
      const chatId = await createGroup(staying, members)
      const rounds: Round[] = []
      for (let round = 0; round < Math.min(plan.rounds, 3); round++) {
        const origins = [restarted.origin, staying.origin]
        await clients.ask({
          open: { cookies: members.map(({ cookie }) => cookie), origins, chatId, known: await latestOf(stage, chatId) },
        })
        await untilCurrent(clients)
        const path = `/api/v1/chats/${chatId}/messages`
        const runSeconds = plan.isSmoke ? 4 : 25
        const seats = seatsOf(members.slice(0, 20), [staying.origin])
        const load = { cookie: members[0]?.cookie ?? '', path: `${path}?limit=20` }
        const [sent, http, next] = await Promise.all([
          sender.ask({ seats, path, perSecond: messagesPerSecond, seconds: runSeconds, textBytes: 200 }),
          requestsTo(loader, staying.origin, load, runSeconds),
          restart(stage, restarted),
        ])
        restarted = next
        rounds.push(await roundOf(stage, clients, { chatId, sent, http }))
      }
      return linesOf(rounds, { clients: plan.sockets, rssMiB: rssMiB(staying.pid) })
    } finally {
      await Promise.all([clients.stop(), sender.stop(), loader.stop()])
      await Promise.all([staying.stop(), restarted.stop()])
      await sendHome(stage)
    }
  },
}

/** Stops an API as a deployment does, after a second of calm, and starts another one. */
async function restart(stage: Stage, api: RunningApp): Promise<RunningApp> {
  await sleep(1_000)
  await api.stop()
  return startApp(stage, 'api', quickSignIn)
}

const requestsTo = (
  loader: Child<Load, LoadResult>,
  origin: string,
  { cookie, path }: { cookie: string; path: string },
  forSeconds: number,
) =>
  loader.ask({
    origin,
    connections: 16,
    seconds: forSeconds,
    perSecond: requestsPerSecond,
    requests: [
      { method: 'GET', path, cookie },
      { method: 'GET', path: '/api/v1/users/me', cookie },
    ],
  })

async function roundOf(
  stage: Stage,
  clients: ResumingClients,
  { chatId, sent, http }: { chatId: string; sent: Sent[]; http: LoadResult },
): Promise<Round> {
  const last = await latestOf(stage, chatId)
  const state = await untilCurrent(clients, last)
  return {
    slowestMs: quantile(state.resumedMs, 1),
    p50Ms: quantile(state.resumedMs, 0.5),
    httpP99Ms: http.p99Ms,
    httpFailures: http.failures,
    resumed: state.resumedMs.length,
    lost: state.latest.filter((latest) => latest !== last).length + (sent.length > 0 ? 0 : 1),
    gaps: state.gaps,
  }
}

async function latestOf({ db }: Pick<Stage, 'db'>, chatId: string): Promise<number> {
  const { rows } = await db.query<{ change: string }>('select change from chats where id = $1', [chatId])
  return Number(rows[0]?.change)
}

/** Waits until every client is connected and has all changes, up to `last`; gives up after a minute. */
async function untilCurrent(clients: ResumingClients, last = 0): Promise<ResumingState> {
  const deadlineMs = performance.now() + patienceMs
  for (;;) {
    const state = await clients.ask({ state: true })
    const isDone = state.pending === 0 && state.latest.every((latest) => latest >= last)
    if (isDone || performance.now() > deadlineMs) return state
    await sleep(100)
  }
}

function linesOf(rounds: Round[], { clients, rssMiB }: { clients: number; rssMiB: number }): Line[] {
  const slowestMs = Math.max(...rounds.map((round) => round.slowestMs))
  const httpP99Ms = median(rounds.map((round) => round.httpP99Ms))
  const lost = rounds.reduce((sum, round) => sum + round.lost + round.gaps, 0)
  const failures = rounds.reduce((sum, { httpFailures }) => sum + httpFailures, 0)
  return [
    {
      what: `${clients} clients resume after a restart of their API, close → current, the slowest; lost changes`,
      muster: `${seconds(slowestMs)} (half in ${seconds(median(rounds.map(({ p50Ms }) => p50Ms)))}), ${lost} lost`,
      limit: '–',
      goal: `≤ ${goalMs / 1_000} s, 0 lost`,
      isReached: slowestMs <= goalMs && lost === 0 && rounds.every(({ resumed }) => resumed >= clients),
      rssMiB,
      details: rounds,
    },
    {
      what: `meanwhile ${requestsPerSecond} requests/s and ${messagesPerSecond} messages/s at the other API, p99`,
      muster: `${milliseconds(httpP99Ms)}, ${failures} failed`,
      limit: '–',
      goal: `≤ ${httpGoalMs} ms`,
      isReached: httpP99Ms <= httpGoalMs && failures === 0,
      details: rounds,
    },
  ]
}
