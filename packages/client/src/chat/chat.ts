import type { Chat, Message } from '../generated/schemas.gen.ts'
import { MusterError } from '../http/error.ts'
import { createDerivedStore, type DerivedStore, type Store } from '../store.ts'
import type { ChatEntry } from './chat-entry.ts'
import type { Chats } from './chats.ts'
import type { Outbox, OutgoingMessage, SentMessage } from './outbox.ts'
import type { MessageContent } from './outbox-storage.ts'
import type { ReadMarks } from './read-marks.ts'
import type { Typing } from './typing.ts'

/** The state of a chat for a program to show. `ended`: the user is no member, or not any more. */
export type ChatSnapshot = {
  status: 'idle' | 'loading' | 'ready' | 'ended' | 'failed'
  /** Why the chat could not be read. */
  error: MusterError | undefined
  chat: Chat | undefined
  /** Messages without gaps up to the latest one, ascending. */
  messages: readonly Message[]
  /** Messages of the user that are not among `messages` yet, in their order. */
  outgoing: readonly OutgoingMessage[]
  hasOlder: boolean
  /** The ids of the members who are typing. */
  typing: readonly string[]
  /** By id of the member: the number of the last message that they have read, as far as the user may know. */
  readPositions: Readonly<Record<string, number>>
}

/** One chat. Nothing is read before `open`. */
export interface ChatHandle extends Store<ChatSnapshot> {
  readonly id: string
  /** Reads the latest messages, and follows the chat from then on. */
  open(): Promise<ChatSnapshot>
  /** Lets go of the messages; the list of chats goes on. */
  close(): void
  /** Reads the page before the oldest message, or everything back to a number, such as that of a message that was found. */
  loadOlder(toSeq?: number): Promise<void>
  /** Reads the chat anew, e.g. whether one can write in it after a block, of which no event tells. */
  refresh(): Promise<void>
  /** Shows a message at once, and sends it after those before it as soon as that is possible, also after a reload. */
  send(content: string | MessageContent): SentMessage
  /** Sends a refused message once more. */
  retry(clientId: string): void
  /** Removes a message that is not sent yet. */
  discard(clientId: string): void
  edit(messageId: string, body: string): Promise<Message>
  delete(messageId: string): Promise<Message>
  react(messageId: string, emoji: string): Promise<Message>
  unreact(messageId: string, emoji: string): Promise<Message>
  /** Marks messages as read, by default all. */
  read(seq?: number): void
  /** Tells the others that the user types; call it at every key. */
  typing(isTyping?: boolean): void
}

/** The calls over HTTP that the handle makes. */
export type MessageApi = {
  edit: (chatId: string, messageId: string, body: string, ifMatch: string | undefined) => Promise<Message>
  delete: (chatId: string, messageId: string) => Promise<Message>
  react: (chatId: string, messageId: string, emoji: string) => Promise<Message>
  unreact: (chatId: string, messageId: string, emoji: string) => Promise<Message>
}

type Deps = {
  chats: Chats
  outbox: Outbox
  typing: Typing
  readMarks: ReadMarks
  messages: MessageApi
  start: () => void
}

/** Creates the handle of a chat. */
export function createChat(id: string, deps: Deps): ChatHandle & { core: DerivedStore<ChatSnapshot>; reset(): void } {
  const { chats, outbox, typing, readMarks, messages } = deps
  let status: ChatSnapshot['status'] = 'idle'
  let error: MusterError | undefined
  let entry: ChatEntry | undefined
  const core = createDerivedStore(compute)

  function compute(): ChatSnapshot {
    const present = chats.get(id)
    // Who rejoins gets another entry: the messages of before are gone.
    if (entry && present !== entry) {
      entry = undefined
      if (status === 'ready') status = 'ended'
    }
    const shown = status === 'ready' ? entry?.window : undefined
    const list = shown?.messages() ?? []
    const known = new Set(list.map(({ clientId, sender }) => `${sender.id} ${clientId}`))
    return {
      ...{ status, error, chat: present?.chat(), messages: list, hasOlder: shown?.hasOlder() ?? false },
      outgoing: outbox.list(id).filter(({ userId, clientId }) => !known.has(`${userId} ${clientId}`)),
      typing: typing.of(id),
      readPositions: Object.fromEntries(present?.readPositions ?? []),
    }
  }

  async function load(): Promise<void> {
    status = 'loading'
    error = undefined
    core.invalidate()
    try {
      const opened = await chats.open(id)
      if (!opened.window.isLoaded()) await opened.window.load()
      if (status !== 'loading') return
      entry = opened
      status = 'ready'
    } catch (caught) {
      error = caught instanceof MusterError ? caught : undefined
      status = error?.code === 'NOT_FOUND' ? 'ended' : 'failed'
      throw caught
    } finally {
      core.invalidate()
    }
  }

  /** Shows the answer before the event comes that tells of it. */
  async function applied(answer: Promise<Message>): Promise<Message> {
    const message = await answer
    chats.get(id)?.window.apply(message)
    return message
  }

  return {
    ...{ id, core, getSnapshot: core.getSnapshot, subscribe: core.subscribe },
    async open() {
      deps.start()
      if (status !== 'ready') await load()
      return core.getSnapshot()
    },
    close() {
      status = 'idle'
      entry?.window.unload()
      entry = undefined
      core.invalidate()
    },
    loadOlder: async (toSeq) => entry?.window.loadOlder(toSeq),
    refresh: async () => chats.get(id)?.refetch(),
    send(content) {
      typing.sent(id)
      deps.start()
      return outbox.add(id, typeof content === 'string' ? { body: content } : content)
    },
    retry: (clientId) => outbox.retry(clientId),
    discard: (clientId) => outbox.discard(clientId),
    edit(messageId, body) {
      const shown = entry?.window.messages().find((message) => message.id === messageId)
      return applied(messages.edit(id, messageId, body, shown && `"v${shown.version}"`))
    },
    delete: (messageId) => applied(messages.delete(id, messageId)),
    react: (messageId, emoji) => applied(messages.react(id, messageId, emoji)),
    unreact: (messageId, emoji) => applied(messages.unreact(id, messageId, emoji)),
    read(seq) {
      const chat = chats.get(id)
      const upTo = seq ?? chat?.chat().lastSeq
      if (!chat || upTo === undefined || upTo <= chat.chat().readSeq) return
      chat.read(upTo)
      readMarks.set(id, upTo)
    },
    typing: (isTyping = true) => typing.own(id, isTyping),
    reset() {
      status = 'idle'
      entry = undefined
      core.invalidate()
    },
  }
}
