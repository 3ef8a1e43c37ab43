import { randomUUID } from 'node:crypto'
import { freePort } from '@muster/devkit'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from '../system/apps.ts'
import { type System, startSystem } from '../system/system.ts'
import { startCrew } from './crew.ts'
import type { Participant } from './participant.ts'

let system: System
let first: App
let second: App
let ann: Participant
let bo: Participant
let chatId: string

beforeAll(async () => {
  system = await startSystem()
  await system.start('email-worker')
  const port = await freePort()
  ;[first, second] = await Promise.all([system.start('api'), system.start('api', { port })])
  ;[ann, bo] = (await startCrew(system, 2, [first.url, second.url])) as [Participant, Participant]
  // The first of the crew is led to the second address, see startCrew.
  ann.network.sendTo(first.url)
  bo.network.sendTo(second.url)
  await Promise.all([ann, bo].map(({ muster }) => muster.realtime().whenOpen()))
  chatId = (await ann.muster.chats.create({ type: 'direct', userId: bo.userId })).id
  await bo.muster.chat(chatId).open()
})
afterAll(async () => {
  await Promise.all([ann, bo].map((participant) => participant?.close()))
  await system.close()
})

test('a client that is cut off before any event arrived shows what was sent meanwhile', async () => {
  bo.network.cut()
  await ann.muster.chat(chatId).send('Are you there?').whenSent()
  bo.network.heal()
  await eventually(() => expect(textsOf(bo)).toEqual(['Are you there?']))
})

test('whoever types on an instance that is killed stops typing for the others within 6 s', async () => {
  await ann.muster.chat(chatId).open()
  await ann.muster.realtime().whenOpen()
  ann.muster.chat(chatId).typing()
  await eventually(() => expect(bo.muster.chat(chatId).getSnapshot().typing).toEqual([ann.userId]))
  await first.kill()
  await eventually(() => expect(bo.muster.chat(chatId).getSnapshot().typing).toEqual([]), { timeoutMs: 7_000 })
  first = await system.start('api')
})

test('a message whose API is killed at its commit is one row after 20 parallel retries elsewhere', async () => {
  const body = { clientId: randomUUID(), body: 'Once', attachmentIds: [], mentions: [] }
  const pausePoint = await system.pausePoint('messages', 'insert', { atCommit: true })
  await ann.muster.realtime().whenOpen()
  await pausePoint.arm()
  const lost = ann.muster.chats.sendMessage(chatId, body, { maxAttempts: 1 }).catch(() => undefined)
  await pausePoint.waitUntilReached()
  await first.kill()
  expect(await lost).toBeUndefined()
  ann.network.sendTo(second.url)
  const retries = Array.from({ length: 20 }, () => ann.muster.chats.sendMessage(chatId, body))
  await pausePoint.release()
  const ids = new Set((await Promise.all(retries)).map(({ id }) => id))
  const rows = await system.inspector.query('select id from messages where client_id = $1', [body.clientId])
  expect([...ids]).toEqual(rows.map(({ id }) => id))
  expect(rows).toHaveLength(1)
})

const textsOf = ({ muster }: Participant) =>
  muster
    .chat(chatId)
    .getSnapshot()
    .messages.map(({ body }) => body)
