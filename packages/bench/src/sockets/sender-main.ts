import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { answer } from '../answer.ts'
import { now } from '../drivers/clock.ts'
import { numbered } from './clients.ts'
import type { SenderSeat, Sending, Sent } from './sender.ts'

let lastNumber = 0

answer<Sending, Sent[]>(async ({ seats, perSecond, seconds, textBytes }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const count = Math.round(perSecond * seconds)
  const startMs = now()
  const sent: Promise<Sent>[] = []
  for (let index = 0; index < count; index++) {
    await sleep(Math.max(0, startMs + (index * 1_000) / perSecond - now()))
    sent.push(send(agent, seats[index % seats.length] as SenderSeat, ++lastNumber, textBytes))
  }
  const all = await Promise.all(sent)
  agent.destroy()
  return all
})

async function send(
  agent: Agent,
  { origin, cookie, path }: SenderSeat,
  number: number,
  textBytes: number,
): Promise<Sent> {
  const body = JSON.stringify({ clientId: randomUUID(), body: numbered(number).padEnd(textBytes, 'x') })
  const sending = request(origin + path, {
    agent,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), cookie },
  }).end(body)
  const [response] = await once(sending, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  const answeredAtMs = now()
  if (response.statusCode !== 201) throw new Error(`a message was answered by ${response.statusCode}: ${text}`)
  return [number, answeredAtMs]
}
