import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@muster/devkit'
import { eventually, isLongForm } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChaosPostgres } from '../faults/postgres.ts'
import type { App } from '../system/apps.ts'
import { type System, startSystemWithOwnPostgres } from '../system/system.ts'
import { act } from './actions.ts'
import { createChance } from './chance.ts'
import { expectCountsOfRows, expectLedgersKept, expectSameAsRefetch } from './compare.ts'
import { startCrew } from './crew.ts'
import { type Observer, startObserver } from './observer.ts'
import type { Participant } from './participant.ts'

const seed = Number(process.env.CHAOS_SEED ?? (isLongForm ? Date.now() % 2 ** 31 : 14))
const plan = isLongForm ? { clients: 200, rounds: 20, actionMs: 10 } : { clients: 60, rounds: 1, actionMs: 20 }
const groupCount = 3
/** Members of the small groups and of the direct chats; all clients are in the large one. */
const actorCount = 12
const quietLimit = { timeoutMs: 45_000, intervalMs: 250 }

let system: System<ChaosPostgres>
let apis: App[]
let worker: App
let secondPort: number

beforeAll(async () => {
  system = await startSystemWithOwnPostgres()
  secondPort = await freePort()
  await system.start('email-worker')
  ;[worker, ...apis] = await Promise.all([
    system.start('reminder-worker'),
    system.start('api'),
    system.start('api', { port: secondPort }),
  ])
}, 120_000)
afterAll(() => system.close())

test(
  `${plan.clients} clients that chat through every fault end up with exactly what was acknowledged (seed ${seed})`,
  async () => {
    const urls = [apis[0]?.url, `http://127.0.0.1:${secondPort}`] as [string, string]
    const crew = await startCrew(system, plan.clients, urls)
    const actors = crew.slice(0, actorCount)
    const { groups, directs, large } = await createChats(crew, actors)
    await eventually(() =>
      expect(crew.every(({ muster }) => muster.realtime().chats.getSnapshot().items.length > 0)).toBe(true),
    )
    await Promise.all(crew.map(({ muster }) => muster.chat(large).open()))
    const observers = startObservers(actors.slice(0, 4), urls[0])

    const chance = createChance(seed)
    const acting = setInterval(() => {
      act({ crew: actors, groups, directs, chance })
      if (chance.number(4) === 0) chance.oneOf(crew)?.say(large, `to all ${chance.number(1_000_000)}`)
    }, plan.actionMs)
    for (let round = 0; round < plan.rounds; round++) await injectFaults(crew, urls)
    clearInterval(acting)

    for (const { network } of crew) network.heal()
    await eventually(() => expectQuiet(crew), quietLimit)
    await eventually(async () => {
      for (const actor of actors)
        for (const chatId of [...groups, ...directs, large]) await expectSameAsRefetch(actor, chatId)
      await expectCountsOfRows(actors, system.inspector)
    }, quietLimit)
    for (const client of crew.slice(actorCount)) await expectSameAsRefetch(client, large)
    await expectCountsOfRows(crew, system.inspector)
    expect(await expectLedgersKept(crew, system.inspector)).toBeGreaterThan(100)
    expect(crew.flatMap(({ faults }) => faults)).toEqual([])
    expect(observers.flatMap(({ faults }) => faults)).toEqual([])
    expect(Math.min(...observers.map((observer) => observer.received()))).toBeGreaterThan(10)
    for (const observer of observers) observer.close()
    await Promise.all(crew.map((client) => client.close()))
  },
  isLongForm ? 3_600_000 : 180_000,
)

async function createChats(crew: readonly Participant[], actors: readonly Participant[]) {
  const [first, ...others] = actors as [Participant, ...Participant[]]
  const idsOf = (participants: readonly Participant[]) => participants.map(({ userId }) => userId)
  const groups: string[] = []
  for (let n = 0; n < groupCount; n++) {
    const { id } = await first.muster.chats.create({ type: 'group', name: `Group ${n}`, memberIds: idsOf(others) })
    // Others can then change the membership too.
    for (const { userId } of others.slice(0, 3)) await first.muster.chats.updateMember(id, userId, { role: 'admin' })
    groups.push(id)
  }
  const directs: string[] = []
  for (const { userId } of others.slice(0, 2))
    directs.push((await first.muster.chats.create({ type: 'direct', userId })).id)
  const memberIds = idsOf(crew.filter((client) => client !== first))
  const { id: large } = await first.muster.chats.create({ type: 'group', name: 'All', memberIds })
  return { groups, directs, large }
}

const startObservers = (actors: readonly Participant[], url: string): Observer[] =>
  actors.map(({ userId, cookies }) => startObserver({ url, cookie: cookies.headerFor(new URL(url)), userId }))

/** Injects each fault once, while the others go on. */
async function injectFaults(crew: readonly Participant[], [firstUrl, secondUrl]: [string, string]): Promise<void> {
  const { redis, postgres } = system
  await sleep(1_500)
  await redis.kill()
  await sleep(1_500)
  await redis.restart()
  await sleep(1_500)
  redis.freeze()
  await sleep(3_000)
  redis.thaw()
  await sleep(1_000)
  await redis.flush()
  await sleep(1_000)
  await Promise.all([apis[1]?.kill(), worker.kill()])
  for (const [index, { network }] of crew.entries()) if (index % 2 === 1) network.sendTo(firstUrl)
  await sleep(1_500)
  apis[1] = await system.start('api', { port: secondPort })
  worker = await system.start('reminder-worker')
  for (const [index, { network }] of crew.entries()) if (index % 4 === 1) network.sendTo(secondUrl)
  await sleep(1_500)
  await postgres.stop()
  await sleep(1_000)
  await postgres.restart()
  await sleep(3_000)
}

/** Everybody is connected, and nothing waits to be sent. */
function expectQuiet(crew: readonly Participant[]): void {
  for (const { name, muster } of crew) {
    expect([name, muster.realtime().connection.getSnapshot()]).toEqual([name, 'open'])
    for (const { id } of muster.realtime().chats.getSnapshot().items) {
      const waiting = muster
        .chat(id)
        .getSnapshot()
        .outgoing.filter(({ state }) => state !== 'failed')
      expect([name, id, waiting]).toEqual([name, id, []])
    }
  }
}
