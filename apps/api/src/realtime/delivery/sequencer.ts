import type { Db } from '@muster/db'
import type { Logger } from '@muster/logger'
import { trackOutage } from '@muster/telemetry'
import { type ChatChanges, type FeedChange, readChangesOf } from '../../modules/chats/change-feed.service.ts'
import type { Gateway } from '../gateway.ts'
import { emitChanges } from './emit-changes.ts'
import type { FollowedChat, FollowedChats } from './followed-chats.ts'
import { listChangedMembers, type MemberChangeRow } from './memberships.queries.ts'
import { sequencerLagSeconds } from './metrics.ts'

export type Sequencer = {
  /** Emits the changes of a chat up to this one at least, as soon as possible. @returns false for a chat without such a change to emit */
  wake(chatId: string, change: number): boolean
  /** Goes on with chats that wait, e.g. because emitting was not possible. */
  resume(): void
  close(): Promise<void>
}

const maxReads = 2
const chatsPerRead = 50
/** Emitting so many to all members of a big group keeps the process busy for a moment only. */
const changesPerRead = 50
const minRetryMs = 100
const maxRetryMs = 2_000

type Deps = {
  gateway: Pick<Gateway, 'emit' | 'isOpen' | 'noteChange' | 'connections'>
  chats: FollowedChats
  db: Db
  log: Logger
}

/**
 * Creates the sequencers of all followed chats: each emits the changes of its chat by ascending number, as their rows are now. Numbers
 * that a later change of the same row has overwritten are passed over. Wake-ups during a read are answered by the next one, and chats
 * that wait are read together, by one statement.
 */
export function createSequencer({ gateway, chats, db, log }: Deps): Sequencer {
  const outage = trackOutage({
    log,
    fields: { dependency: 'postgres', component: 'sequencer' },
    down: 'changes of chats not read, they are emitted later',
    up: 'changes of chats read again',
  })
  const waiting = new Set<FollowedChat>()
  const reads = new Set<Promise<void>>()
  const retries = new Set<NodeJS.Timeout>()
  let retryMs = minRetryMs
  let isClosed = false

  const start = () => {
    while (waiting.size > 0 && reads.size < maxReads && !isClosed && gateway.isOpen()) {
      const batch = takeBatch(waiting, chats)
      if (batch.length === 0) return
      const read = readAndEmit(batch).finally(() => {
        reads.delete(read)
        start()
      })
      reads.add(read)
    }
  }
  const retryLater = (batch: readonly FollowedChat[]) => {
    const retry = setTimeout(() => {
      retries.delete(retry)
      for (const chat of batch) waiting.add(chat)
      start()
    }, retryMs)
    retries.add(retry)
    retryMs = Math.min(retryMs * 2, maxRetryMs)
  }

  const readAndEmit = async (batch: readonly FollowedChat[]) => {
    const wanted = batch.map(({ id, sent, known }) => ({ chatId: id, after: sent, known, limit: changesPerRead }))
    for (const chat of batch) chat.isReading = true
    try {
      const found = await readChangesOf(db, wanted)
      for (const [index, chat] of batch.entries()) await emit(chat, found.get(chat.id), wanted[index]?.known)
      outage.succeeded()
      retryMs = minRetryMs
      for (const chat of batch) if (chat.sent < chat.known) waiting.add(chat)
    } catch (error) {
      outage.failed(error)
      retryLater(batch)
    } finally {
      for (const chat of batch) chat.isReading = false
    }
  }

  const isFollowed = (chat: FollowedChat) => chats.get(chat.id) === chat

  /** @param known the number of the latest change that was known when the read began */
  const emit = async (chat: FollowedChat, found: ChatChanges | undefined, known: number | undefined) => {
    if (!isFollowed(chat)) return
    if (!found) return forget(chat)
    const { latest, changes } = found
    const isComplete = changes.length < changesPerRead
    // Further changes may tell that somebody is no member any more, who was one when these were written.
    const members = isComplete ? membersIn(changes) : await listChangedMembers(db, chat.id, chat.sent)
    if (!emitChanges({ gateway, chats }, chat, changes, members)) return
    // Lower than before in a database that was restored.
    if (isComplete) chat.sent = latest
    // A number that does not exist after all must not be read again and again.
    chat.known = isComplete && chat.known === known ? latest : Math.max(chat.known, latest)
    noteLag(chat)
  }

  return {
    wake(chatId, change) {
      const chat = chats.get(chatId)
      if (!chat || change <= chat.known) return false
      chat.known = change
      chat.waitsSinceMs ??= performance.now()
      if (!chat.isReading) waiting.add(chat)
      start()
      return true
    },
    resume: start,
    async close() {
      isClosed = true
      for (const retry of retries) clearTimeout(retry)
      await Promise.all(reads)
    },
  }

  /** The chat was deleted: nothing is left to emit. */
  function forget(chat: FollowedChat): void {
    for (const userId of [...chat.members.keys()]) chats.removeMember(chat, userId)
  }
}

/** Takes chats that wait and are still followed. */
function takeBatch(waiting: Set<FollowedChat>, chats: FollowedChats): FollowedChat[] {
  const batch: FollowedChat[] = []
  for (const chat of waiting) {
    if (batch.length === chatsPerRead) break
    waiting.delete(chat)
    if (chats.get(chat.id) === chat && !chat.isReading) batch.push(chat)
  }
  return batch
}

const membersIn = (changes: readonly FeedChange[]): MemberChangeRow[] =>
  changes.flatMap((change) =>
    change.kind === 'member'
      ? {
          user_id: change.row.user.id,
          joined_seq: change.row.joinedSeq,
          joined_change: change.row.joinedChange,
          left_change: change.row.leftChange,
        }
      : [],
  )

function noteLag(chat: FollowedChat): void {
  const nowMs = performance.now()
  if (chat.waitsSinceMs !== undefined) sequencerLagSeconds.observe((nowMs - chat.waitsSinceMs) / 1_000)
  chat.waitsSinceMs = chat.sent < chat.known ? nowMs : undefined
}
