import { startApp } from '../apps.ts'
import { untilArrived } from '../arrivals.ts'
import { type Child, cpuSeconds, rssMiB } from '../child.ts'
import { createGroup, type Member, quickSignIn, seatsOf, sendHome, signInCrowd } from '../crowd.ts'
import { now } from '../drivers/clock.ts'
import { milliseconds, perSecond } from '../figures.ts'
import { startLimit } from '../limits/start-limit.ts'
import { type QuietRound, quietRounds } from '../quiet.ts'
import type { Line, Row } from '../row.ts'
import { type Clients, startClients } from '../sockets/clients.ts'
import { type Sending, type Sent, startSender } from '../sockets/sender.ts'
import type { Stage } from '../stage.ts'
import { median, quantile } from '../statistics.ts'

const calmPerSecond = 20
const busyPerSecond = 100
const textBytes = 200
const senders = 20
const goalMs = { p50: 20, p95: 50 }
const goalRatio = 0.6

type Server = { pid: number; origin: string }
/** Two instances, their sockets, and where to send messages. */
type Side = { servers: Server[]; clients: Clients; path: string; members: Pick<Member, 'cookie'>[] }
type Calm = { p50Ms: number; p95Ms: number; maxMs: number; busy: number; rssMiB: number }

export const chatGroup: Row = {
  name: 'chat-group',
  number: 15,
  ifMissed:
    'Each message is 500 writes to sockets, most of it system calls. Next: compare with the bare line, which pays them as well.',
  async measure(stage) {
    const { plan } = stage
    const apis = await Promise.all([startApp(stage, 'api', quickSignIn), startApp(stage, 'api', quickSignIn)])
    const sender = await startSender()
    const ends: (() => Promise<void>)[] = []
    try {
      const members = await signInCrowd(stage, apis[0], plan.groupMembers)
      const chatId = await createGroup(apis[0], members)
      const muster = await openSide({ servers: apis, members, path: `/api/v1/chats/${chatId}/messages` })
      ends.push(muster.clients.stop)
      await calmRound(muster, sender, Math.min(plan.chatSeconds, 5))
      const { sample } = await muster.clients.ask({ arrivals: true })
      const bare = await startBare(stage, members, sample.replace(/^42/, ''))
      ends.push(bare.clients.stop, ...bare.servers.map((server) => server.stop))
      await calmRound(bare, sender, 1)
      const calm = {
        muster: await quietRounds(plan.rounds, () => calmRound(muster, sender, plan.chatSeconds)),
        bare: await quietRounds(plan.rounds, () => calmRound(bare, sender, plan.chatSeconds)),
      }
      const busy: { muster: number; bare: number; ratio: number }[] = []
      for (let round = 0; round < plan.rounds; round++) {
        const [limit, own] = [await busyRound(bare, sender, plan), await busyRound(muster, sender, plan)]
        busy.push({ muster: own, bare: limit, ratio: own / limit })
      }
      return [calmLine(calm, plan.groupMembers), busyLine(busy, plan.groupMembers)]
    } finally {
      await sender.stop()
      for (const end of ends) await end()
      await Promise.all(apis.map((api) => api.stop()))
      await sendHome(stage)
    }
  },
}

async function openSide(side: Omit<Side, 'clients'>): Promise<Side> {
  const clients = await startClients()
  await clients.ask({
    open: seatsOf(
      side.members,
      side.servers.map(({ origin }) => origin),
    ),
  })
  return { ...side, clients }
}

async function startBare(stage: Stage, members: Member[], body: string) {
  const start = () => startLimit(stage, 'bare-socket', { body })
  const servers = [await start(), await start()]
  const side = await openSide({ servers, members: members.map(() => ({ cookie: '' })), path: '/messages' })
  return { ...side, servers }
}

const sendingTo = ({ servers, members, path }: Side): Omit<Sending, 'perSecond' | 'seconds'> => {
  const seats = seatsOf(
    members.slice(0, senders),
    servers.map(({ origin }) => origin),
  )
  return { seats: seats.map((seat) => ({ ...seat, path })), textBytes }
}

/** Sends messages at the calm rate. @returns the times from the sender's answer until the last member has the message */
async function calmRound(side: Side, sender: Child<Sending, Sent[]>, seconds: number): Promise<Calm> {
  const { servers, clients, members } = side
  await clients.ask({ forget: true })
  const cpu = () => servers.reduce((sum, { pid }) => sum + (cpuSeconds(pid) ?? 0), 0)
  const [cpuBefore, startMs] = [cpu(), now()]
  const sent = await sender.ask({ ...sendingTo(side), perSecond: calmPerSecond, seconds })
  const arrived = await untilArrived(
    clients,
    sent.map(([number]) => number),
    members.length,
  )
  const busy = (cpu() - cpuBefore) / ((now() - startMs) / 1_000) / servers.length
  // The members may have it before the sender has the answer.
  const latenciesMs = sent.map(([number, atMs]) => Math.max(0, (arrived.get(number)?.lastMs ?? Number.NaN) - atMs))
  return {
    p50Ms: quantile(latenciesMs, 0.5),
    p95Ms: quantile(latenciesMs, 0.95),
    maxMs: quantile(latenciesMs, 1),
    busy,
    rssMiB: Math.max(...servers.map(({ pid }) => rssMiB(pid))),
  }
}

/** Sends messages at the busy rate. @returns how many a second reached their members, until all have all */
async function busyRound(
  side: Side,
  sender: Child<Sending, Sent[]>,
  { chatSeconds }: { chatSeconds: number },
): Promise<number> {
  const { clients, members } = side
  await clients.ask({ forget: true })
  const startMs = now()
  const sent = await sender.ask({ ...sendingTo(side), perSecond: busyPerSecond, seconds: chatSeconds })
  const arrived = await untilArrived(
    clients,
    sent.map(([number]) => number),
    members.length,
  )
  const endMs = Math.max(...[...arrived.values()].map(({ lastMs }) => lastMs))
  return (sent.length * members.length) / ((endMs - startMs) / 1_000)
}

function calmLine(calm: { muster: QuietRound<Calm>[]; bare: QuietRound<Calm>[] }, members: number): Line {
  const of = (rounds: QuietRound<Calm>[], figure: (round: Calm) => number) =>
    median(rounds.filter(({ isCounted }) => isCounted).map(figure))
  const figures = (rounds: QuietRound<Calm>[]) => ({
    p50Ms: of(rounds, (round) => round.p50Ms),
    p95Ms: of(rounds, (round) => round.p95Ms),
    busy: of(rounds, (round) => round.busy),
    rssMiB: of(rounds, (round) => round.rssMiB),
  })
  const [muster, bare] = [figures(calm.muster), figures(calm.bare)]
  const text = ({ p50Ms, p95Ms, busy }: typeof muster) =>
    `${milliseconds(p50Ms)}, ${milliseconds(p95Ms)}, ${busy.toFixed(2)} core`
  return {
    what: `${calmPerSecond} messages/s to ${members} on two APIs, 201 → the last has it, p50 and p95 / bare Socket.IO`,
    muster: text(muster),
    limit: text(bare),
    goal: `≤ ${goalMs.p50} ms, ≤ ${goalMs.p95} ms`,
    isReached: muster.p50Ms <= goalMs.p50 && muster.p95Ms <= goalMs.p95,
    rssMiB: muster.rssMiB,
    limitRssMiB: bare.rssMiB,
    details: calm,
  }
}

function busyLine(rounds: { muster: number; bare: number; ratio: number }[], members: number): Line {
  const ratio = median(rounds.map((round) => round.ratio))
  return {
    what: `${busyPerSecond} messages/s to ${members}, deliveries / bare Socket.IO`,
    muster: perSecond(median(rounds.map((round) => round.muster))),
    limit: perSecond(median(rounds.map((round) => round.bare))),
    ratio,
    goal: `≥ ${goalRatio}`,
    isReached: ratio >= goalRatio,
    details: rounds,
  }
}
