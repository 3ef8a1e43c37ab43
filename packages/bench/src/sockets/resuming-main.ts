import { setTimeout as sleep } from 'node:timers/promises'
import { answer } from '../answer.ts'
import { now } from '../drivers/clock.ts'
import { inTurns } from './in-turns.ts'
import { type OpenSocket, openSocket } from './open-socket.ts'
import type { ResumingQuestion, ResumingState } from './resuming.ts'

/** As Socket.IO's client waits before it connects again: a second, by half more or less. */
const reconnectMs = 1_000
const asks = 7

type Client = {
  cookie: string
  chatId: string
  origin: string
  latest: number
  /** When the connection was lost; undefined while the client is current. */
  closedAtMs: number | undefined
  isCurrent: boolean
  /** It belongs to an earlier measurement. */
  isGone?: true
  /** Events that arrived before the answer of `sync`. */
  early: Event[]
  socket?: OpenSocket
}
type Change = { change: number }
type Event = { chatId: string; change: number; prev: number }
type SyncedChat = { id: string; latest: number; changes?: Change[]; resync?: true }

let clients: Client[] = []
let origins: string[] = []
let gaps = 0
let resumedMs: number[] = []

answer<ResumingQuestion, ResumingState>(async (question) => {
  if ('open' in question) {
    origins = question.open.origins
    const [origin = ''] = origins
    for (const client of clients) {
      client.isGone = true
      client.socket?.destroy()
    }
    clients = question.open.members.map(({ cookie, chatId, known }) => ({
      cookie,
      chatId,
      origin,
      latest: known,
      closedAtMs: undefined,
      isCurrent: false,
      early: [],
    }))
    await inTurns(clients, 32, connect)
    resumedMs = []
  }
  return {
    latest: clients.map(({ latest }) => latest),
    gaps,
    resumedMs,
    pending: clients.filter(({ isCurrent }) => !isCurrent).length,
  }
})

async function connect(client: Client): Promise<void> {
  client.socket = await openSocket(client, {
    onMessage: (message) => read(client, message),
    onClose: () => void reconnect(client),
  })
  askWhatIsMissing(client)
}

function askWhatIsMissing({ socket, chatId, latest }: Client): void {
  socket?.ask(asks, 'sync', { restoreEpoch: null, chats: { [chatId]: latest }, notifications: null })
}

async function reconnect(client: Client): Promise<void> {
  if (client.isGone) return
  client.closedAtMs ??= now()
  client.isCurrent = false
  client.early = []
  for (;;) {
    await sleep(reconnectMs * (0.5 + Math.random()))
    // A load balancer would send it to any server that is ready.
    client.origin = origins[(origins.indexOf(client.origin) + 1) % origins.length] as string
    try {
      return await connect(client)
    } catch {
      // The server is stopping or starting.
    }
  }
}

function read(client: Client, message: Buffer): void {
  const text = message.toString()
  if (text.startsWith(`43${asks}[`)) synced(client, JSON.parse(text.slice(3))[0])
  else if (text.startsWith('42["chat:change"')) received(client, JSON.parse(text.slice(2))[1])
}

function received(client: Client, event: Event): void {
  if (event.chatId !== client.chatId) return
  if (client.isCurrent) follow(client, event)
  else client.early.push(event)
}

function follow(client: Client, { change, prev }: Event): void {
  if (change <= client.latest) return
  if (prev > client.latest) gaps++
  client.latest = change
}

/** Takes an answer of `sync`, and the events before it once it was the last one. */
function synced(client: Client, ack: { success: boolean; data: { chats: SyncedChat[]; more: boolean } }): void {
  const chat = ack.success ? ack.data.chats.find(({ id }) => id === client.chatId) : undefined
  if (!ack.success || chat?.resync) throw new Error(`sync was answered by ${JSON.stringify(ack).slice(0, 500)}`)
  client.latest = Math.max(client.latest, ...(chat?.changes ?? []).map(({ change }) => change))
  if (chat && !ack.data.more) client.latest = Math.max(client.latest, chat.latest)
  if (ack.data.more) {
    askWhatIsMissing(client)
    return
  }
  client.isCurrent = true
  for (const event of client.early.splice(0)) follow(client, event)
  if (client.closedAtMs === undefined) return
  resumedMs.push(now() - client.closedAtMs)
  client.closedAtMs = undefined
}
