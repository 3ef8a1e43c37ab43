import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningApp, startApp } from '../apps.ts'
import { type Child, rssMiB } from '../child.ts'
import { createGroup, type Member, quickSignIn, sendHome, signInCrowd } from '../crowd.ts'
import { milliseconds, seconds } from '../figures.ts'
import { type Load, type LoadResult, startLoad } from '../load/load.ts'
import type { Line, Row } from '../row.ts'
import { type ResumingClients, type ResumingState, startResumingClients } from '../sockets/resuming.ts'
import { type Sending, type Sent, startSender } from '../sockets/sender.ts'
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
    'Each message blocks the event loop for as long as its deliveries take, some 30 ms for a thousand members, and each step of a sync waits for a turn of it (decision 059). Next: render answers in slices.',
  async measure(stage) {
    const { plan } = stage
    const crowd: Crowd = {
      stage,
      apis: await Promise.all([startApp(stage, 'api', quickSignIn), startApp(stage, 'api', quickSignIn)]),
      drivers: await Promise.all([startResumingClients(), startSender(), startLoad()]),
    }
    const [clients, sender, loader] = crowd.drivers
    try {
      const members = await signInCrowd(stage, crowd.apis[0], plan.sockets)
      const groups = await measureGroups(crowd, await inGroups(crowd, members, plan.sockets / 20))
      const one = await measureGroups(crowd, await inGroups(crowd, members, plan.sockets))
      const told = { clients: plan.sockets, rssMiB: rssMiB(crowd.apis[0].pid) }
      return [...linesOf(groups, { ...told, where: '20 groups' }), ...linesOf(one, { ...told, where: 'one group' })]
    } finally {
      await Promise.all([clients.stop(), sender.stop(), loader.stop()])
      await Promise.all(crowd.apis.map((api) => api.stop()))
      await sendHome(stage)
    }
  },
}

type Crowd = {
  stage: Stage
  /** The one that stays, and the one that is restarted. */
  apis: [RunningApp, RunningApp]
  drivers: [ResumingClients, Child<Sending, Sent[]>, Child<Load, LoadResult>]
}

type Group = { chatId: string; members: Member[] }

/** Creates groups of `size` members each. */
async function inGroups({ apis: [api] }: Crowd, members: Member[], size: number): Promise<Group[]> {
  const groups: Group[] = []
  for (let start = 0; start < members.length; start += size) {
    const some = members.slice(start, start + size)
    groups.push({ chatId: await createGroup(api, some), members: some })
  }
  return groups
}

/** Restarts an API while 20 messages a second are sent to the groups in turn. */
async function measureGroups(crowd: Crowd, groups: Group[]): Promise<Round[]> {
  const { stage, drivers, apis } = crowd
  const [clients, sender, loader] = drivers
  const [{ origin }] = apis
  const rounds: Round[] = []
  for (let round = 0; round < Math.min(stage.plan.rounds, 3); round++) {
    const known = await latestOf(stage, groups)
    const members = groups.flatMap(({ chatId, members }, index) =>
      members.map(({ cookie }) => ({ cookie, chatId, known: known[index] ?? 0 })),
    )
    await clients.ask({ open: { members, origins: [apis[1].origin, origin] } })
    await untilCurrent(clients)
    const runSeconds = stage.plan.isSmoke ? 4 : 25
    const paths = groups.map(({ chatId }) => `/api/v1/chats/${chatId}/messages`)
    const seats = Array.from({ length: 20 }, (_, index) => {
      const { members } = groups[index % groups.length] as Group
      return { origin, cookie: members[index % members.length]?.cookie ?? '', path: paths[index % paths.length] ?? '' }
    })
    const load = { cookie: members[0]?.cookie ?? '', path: `${paths[0]}?limit=20` }
    const [sent, http, next] = await Promise.all([
      sender.ask({ seats, perSecond: messagesPerSecond, seconds: runSeconds, textBytes: 200 }),
      requestsTo(loader, origin, load, runSeconds),
      restart(stage, apis[1]),
    ])
    apis[1] = next
    rounds.push(await roundOf(crowd, groups, { sent, http }))
  }
  return rounds
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
  { stage, drivers: [clients] }: Crowd,
  groups: Group[],
  { sent, http }: { sent: Sent[]; http: LoadResult },
): Promise<Round> {
  const last = await latestOf(stage, groups)
  const expected = groups.flatMap(({ members }, index) => members.map(() => last[index] ?? 0))
  const state = await untilCurrent(clients, expected)
  return {
    slowestMs: quantile(state.resumedMs, 1),
    p50Ms: quantile(state.resumedMs, 0.5),
    httpP99Ms: http.p99Ms,
    httpFailures: http.failures,
    resumed: state.resumedMs.length,
    lost: state.latest.filter((latest, index) => latest !== expected[index]).length + (sent.length > 0 ? 0 : 1),
    gaps: state.gaps,
  }
}

/** Reads the number of the last change of each group. */
async function latestOf({ db }: Pick<Stage, 'db'>, groups: Group[]): Promise<number[]> {
  const ids = groups.map(({ chatId }) => chatId)
  const { rows } = await db.query<{ id: string; change: string }>('select id, change from chats where id = any($1)', [
    ids,
  ])
  const byId = new Map(rows.map(({ id, change }) => [id, Number(change)]))
  return ids.map((id) => byId.get(id) ?? 0)
}

/** Waits until every client is connected and has all changes, up to those `expected` of it; gives up after a minute. */
async function untilCurrent(clients: ResumingClients, expected: number[] = []): Promise<ResumingState> {
  const deadlineMs = performance.now() + patienceMs
  for (;;) {
    const state = await clients.ask({ state: true })
    const isDone = state.pending === 0 && state.latest.every((latest, index) => latest >= (expected[index] ?? 0))
    if (isDone || performance.now() > deadlineMs) return state
    await sleep(100)
  }
}

function linesOf(
  rounds: Round[],
  { clients, where, rssMiB }: { clients: number; where: string; rssMiB: number },
): Line[] {
  const slowestMs = Math.max(...rounds.map((round) => round.slowestMs))
  const httpP99Ms = median(rounds.map((round) => round.httpP99Ms))
  const lost = rounds.reduce((sum, round) => sum + round.lost + round.gaps, 0)
  const failures = rounds.reduce((sum, { httpFailures }) => sum + httpFailures, 0)
  const isCurrent = slowestMs <= goalMs && lost === 0 && rounds.every(({ resumed }) => resumed >= clients)
  return [
    {
      what: `${clients} clients in ${where} resume after a restart of their API, close → current, the slowest; lost changes`,
      muster: `${seconds(slowestMs)} (half in ${seconds(median(rounds.map(({ p50Ms }) => p50Ms)))}), ${lost} lost`,
      limit: '–',
      goal: `≤ ${goalMs / 1_000} s, 0 lost`,
      isReached: isCurrent,
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
