import type { Message } from '../generated/schemas.gen.ts'
import { MusterError } from '../http/error.ts'
import { backoffMs } from '../http/retry.ts'
import { createMemoryStorage, type MessageContent, type OutboxItem, type OutboxStorage } from './outbox-storage.ts'

/**
 * A message that is on its way. `pending`: it waits for the ones before it, or for the connection. `failed`: the server refused it;
 * see `refusal`, then `retry` or `discard`. `sent`: the server has it, and the list of messages will in a moment.
 */
export type OutgoingMessage = OutboxItem & { state: 'pending' | 'sending' | 'failed' | 'sent' }

/** A message that `send` has queued. */
export type SentMessage = {
  clientId: string
  /** Resolves with the message once the server has it. @throws MusterError when the server refuses it, or it is discarded */
  whenSent(): Promise<Message>
}

type Entry = {
  item: OutboxItem
  state: OutgoingMessage['state']
  /** The answer of the server. */
  message?: Message
  /** Settles when the present state is stored. */
  storing: Promise<unknown>
  isStored: boolean
  sent: Promise<Message>
  resolve: (message: Message) => void
  reject: (error: unknown) => void
}

type Deps = {
  storage: OutboxStorage
  userId: () => string | null
  /** Uploads the files of a message. @returns the ids of the attachments */
  upload: (item: OutboxItem, signal: AbortSignal) => Promise<string[]>
  send: (item: OutboxItem, signal: AbortSignal) => Promise<Message>
  onChange: (chatId: string) => void
  onSent: (message: Message) => void
  onRefused: (item: OutboxItem) => void
}

export type Outbox = ReturnType<typeof createOutbox>

/** Keeps the messages to send: those of one chat go out one after the other, each until the server has taken or refused it. */
export function createOutbox(deps: Deps) {
  const { onChange } = deps
  const storage = withMemory(deps.storage)
  const entries = new Map<string, Entry>()
  /** By chat that is being sent: ends the wait before the next attempt. */
  const wakes = new Map<string, () => void>()
  let lastPosition = 0
  /** Ends sending when another user, or none, is signed in. */
  let ended = new AbortController()

  const ofChat = (chatId: string) =>
    [...entries.values()]
      .filter(({ item }) => item.chatId === chatId)
      .sort((one, other) => one.item.position - other.item.position)

  function add(item: OutboxItem, isStored: boolean): Entry {
    const entry = { item, isStored, state: item.refusal ? 'failed' : 'pending', storing: Promise.resolve() } as Entry
    entry.sent = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }))
    // Who does not wait for the message reads its `refusal` instead.
    entry.sent.catch(() => undefined)
    entries.set(item.clientId, entry)
    lastPosition = Math.max(lastPosition, item.position)
    if (!isStored) store(entry)
    return entry
  }

  function store(entry: Entry): void {
    entry.storing = storage.put(entry.item).then(() => {
      entry.isStored = true
    })
  }

  /** Sends the pending messages of a chat in their order. */
  async function run(chatId: string): Promise<void> {
    const wake = wakes.get(chatId)
    if (wake) return wake()
    const { signal } = ended
    wakes.set(chatId, () => undefined)
    for (let failures = 0; !signal.aborted; ) {
      const next = ofChat(chatId).find(({ state }) => state === 'pending')
      if (!next) break
      const delayMs = await attempt(next, failures, signal)
      failures = delayMs === 0 ? 0 : failures + 1
      if (delayMs > 0) await new Promise<void>((resolve) => pause(chatId, delayMs, resolve, signal))
    }
    if (!signal.aborted) wakes.delete(chatId)
  }

  function pause(chatId: string, delayMs: number, resolve: () => void, signal: AbortSignal): void {
    const timer = setTimeout(resolve, delayMs)
    const end = () => {
      clearTimeout(timer)
      resolve()
    }
    if (!signal.aborted) wakes.set(chatId, end)
    signal.addEventListener('abort', end, { once: true })
  }

  /** @returns the milliseconds to wait before the next attempt, 0 when the message is settled */
  async function attempt(entry: Entry, failures: number, signal: AbortSignal): Promise<number> {
    setState(entry, 'sending')
    try {
      await entry.storing
      const { files, attachmentIds } = entry.item
      if (files?.length && !attachmentIds?.length) {
        entry.item = { ...entry.item, attachmentIds: await deps.upload(entry.item, signal), files: undefined }
        store(entry)
        await entry.storing
      }
      const message = await deps.send(entry.item, signal)
      if (!signal.aborted) settle(entry, message)
      return 0
    } catch (error) {
      if (signal.aborted || !entries.has(entry.item.clientId)) return 0
      if (error instanceof MusterError && isPassing(error)) {
        setState(entry, 'pending')
        return Math.max((error.retryAfter ?? 0) * 1_000, backoffMs(failures + 1))
      }
      refuse(entry, error)
      return 0
    }
  }

  function setState(entry: Entry, state: Entry['state']): void {
    entry.state = state
    onChange(entry.item.chatId)
  }

  function settle(entry: Entry, message: Message): void {
    entry.message = message
    setState(entry, 'sent')
    void storage.delete(entry.item.userId, entry.item.clientId)
    entry.resolve(message)
    deps.onSent(message)
  }

  function refuse(entry: Entry, error: unknown): void {
    const { code, message } = error instanceof MusterError ? error : { code: 'CANCELLED', message: String(error) }
    entry.item = { ...entry.item, refusal: { code, message } }
    store(entry)
    entry.reject(error)
    setState(entry, 'failed')
    deps.onRefused(entry.item)
  }

  return {
    /** Reads what waits for the user, also from another tab; what another tab has sent or discarded is dropped. */
    async load(): Promise<void> {
      const userId = deps.userId()
      if (userId === null) return
      const { signal } = ended
      const stored = await storage.load(userId)
      if (signal.aborted) return
      const ids = new Set(stored.map(({ clientId }) => clientId))
      for (const [clientId, { state, isStored }] of entries)
        if (state === 'pending' && isStored && !ids.has(clientId)) entries.delete(clientId)
      for (const item of stored) if (!entries.has(item.clientId)) add(item, true)
      for (const chatId of new Set([...entries.values()].map(({ item }) => item.chatId))) {
        onChange(chatId)
        void run(chatId)
      }
    },
    /** Puts a message at the end of its chat's queue. */
    add(chatId: string, content: MessageContent): SentMessage {
      const userId = deps.userId()
      if (userId === null) throw new MusterError('Sign in to send messages.', { code: 'UNAUTHENTICATED' })
      const clientId = crypto.randomUUID()
      const position = Math.max(lastPosition + 1, Date.now())
      const createdAt = new Date(position).toISOString()
      const entry = add({ ...content, userId, chatId, clientId, position, createdAt }, false)
      onChange(chatId)
      void run(chatId)
      return { clientId, whenSent: () => entry.sent }
    },
    list: (chatId: string): OutgoingMessage[] => ofChat(chatId).map(({ item, state }) => ({ ...item, state })),
    /** Removes a message that the list of messages shows: it was sent, also when the answer was lost. */
    confirm(message: Message): void {
      const { chatId, clientId, sender } = message
      const entry = entries.get(clientId)
      if (entry?.item.chatId !== chatId || entry.item.userId !== sender.id) return
      entries.delete(clientId)
      void entry.storing.then(() => storage.delete(entry.item.userId, clientId))
      entry.resolve(message)
      onChange(chatId)
    },
    /** Removes sent messages whose change has taken effect. @param cursor the latest change of the chat that has */
    confirmUpTo(chatId: string, cursor: number): void {
      for (const { item, message } of ofChat(chatId))
        if (message && message.change <= cursor) entries.delete(item.clientId)
    },
    retry(clientId: string): void {
      const entry = entries.get(clientId)
      if (entry?.state !== 'failed') return
      const { refusal: _, ...item } = entry.item
      add(item, false)
      onChange(item.chatId)
      void run(item.chatId)
    },
    discard(clientId: string): void {
      const entry = entries.get(clientId)
      if (!entry || entry.state === 'sent') return
      entries.delete(clientId)
      entry.reject(new MusterError('The message was discarded.', { code: 'CANCELLED' }))
      void entry.storing.then(() => storage.delete(entry.item.userId, clientId))
      onChange(entry.item.chatId)
    },
    /** Tries again at once, e.g. when the connection is back. */
    wake: () => [...wakes.values()].forEach((wake) => void wake()),
    /** Lets go of everything, when another user or none is signed in. What is stored waits for its user. */
    reset(): void {
      ended.abort()
      ended = new AbortController()
      wakes.clear()
      const chatIds = new Set([...entries.values()].map(({ item }) => item.chatId))
      entries.clear()
      for (const chatId of chatIds) onChange(chatId)
    },
    /** Deletes what waits for a user. */
    async discardAll(userId: string): Promise<void> {
      for (const { clientId } of await storage.load(userId)) await storage.delete(userId, clientId)
    },
  }
}

/** Statuses of HTTP that say nothing about the message. */
const passingStatuses = new Set([401, 408, 425, 429])

/** Tells whether the message may be sent later as it is: there was no answer, no session, a busy server, or a proxy answered. */
const isPassing = ({ status, code }: MusterError): boolean =>
  status < 400 ||
  status >= 500 ||
  passingStatuses.has(status) ||
  code === 'UNEXPECTED_ANSWER' ||
  code === 'TWO_FACTOR_REQUIRED'

/** Keeps in memory what the storage refuses, as in a private window, so that it lasts at least as long as the page. */
function withMemory(storage: OutboxStorage): OutboxStorage {
  const memory = createMemoryStorage()
  return {
    load: async (userId) => [...(await storage.load(userId).catch(() => [])), ...(await memory.load(userId))],
    put: (item) => storage.put(item).catch(() => memory.put(item)),
    async delete(userId, clientId) {
      await storage.delete(userId, clientId).catch(() => undefined)
      await memory.delete(userId, clientId)
    },
  }
}
