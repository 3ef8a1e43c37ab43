import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningApp } from '../../apps.ts'
import { untilArrived } from '../../arrivals.ts'
import { createGroup, type Member, seatsOf } from '../../crowd.ts'
import { type Clients, startClients } from '../../sockets/clients.ts'
import { startSender } from '../../sockets/sender.ts'
import type { Stage } from '../../stage.ts'
import type { Constants, Cost } from '../constants.ts'
import { costOf, idleCost } from './probe.ts'

const perSecond = 50
const textBytes = 200

type Instances = { sending: RunningApp; receiving: RunningApp }

/**
 * Measures what messages cost an instance that did not take them: with a connection of somebody who is not in the chat, of one member,
 * and of all members.
 */
export async function measureSockets(
  stage: Stage,
  { sending, receiving }: Instances,
  { members, seconds }: { members: Member[]; seconds: number },
): Promise<Omit<Constants['sockets'], 'connectionBytes' | 'redisBytes'>> {
  const [stranger, ...group] = members as [Member, ...Member[]]
  const chatId = await createGroup(sending, group)
  const sender = await startSender()
  const clients = await startClients()
  const path = `/api/v1/chats/${chatId}/messages`
  const seats = seatsOf(group.slice(0, 10), [sending.origin]).map((seat) => ({ ...seat, path }))
  const send = () => sender.ask({ seats, perSecond, seconds, textBytes })
  const withSockets = async (people: Member[], reached: number) => {
    await clients.ask({ open: seatsOf(people, [receiving.origin]) })
    await send()
    await clients.ask({ forget: true })
    const pids = { receiving: receiving.pid, sending: sending.pid }
    // The cost of open connections while nothing is sent is no part of a message.
    const idle = await idleCost(stage, pids, seconds)
    const cost = await costOf(stage, { pids, count: perSecond * seconds, idle }, async () => {
      const sent = await send()
      if (reached > 0)
        await untilArrived(
          clients,
          sent.map(([number]) => number),
          reached,
        )
      else await sleep(200)
    })
    await close(clients)
    return cost
  }
  try {
    const strangers = await withSockets([stranger], 0)
    const one = await withSockets(group.slice(0, 1), 1)
    const all = await withSockets(group, group.length)
    const used = ({ cpuUs }: Cost) => cpuUs.receiving ?? 0
    const deliveryUs = Math.max(0, used(all) - used(one)) / (group.length - 1)
    return {
      signalUs: used(strangers),
      changeUs: Math.max(0, used(one) - deliveryUs),
      changePostgresUs: Math.max(0, (one.cpuUs.postgres ?? 0) - (strangers.cpuUs.postgres ?? 0)),
      deliveryUs,
    }
  } finally {
    await sender.stop()
    await clients.stop()
  }
}

async function close(clients: Clients): Promise<void> {
  await clients.ask({ close: true })
  await sleep(500)
}
