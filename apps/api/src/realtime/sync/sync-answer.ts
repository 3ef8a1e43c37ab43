import type { SyncAnswer } from '@muster/realtime/events'
import type { Deps } from '../../deps.ts'
import { type FeedChange, viewChange } from '../../modules/chats/change-feed.service.ts'
import type { MembershipRow } from '../delivery/membership.ts'
import { resyncsTotal } from '../delivery/metrics.ts'
import type { AnswerSize } from './answer-size.ts'
import { readSharedChanges, readSharedPositions } from './shared-reads.ts'
import type { PositionRow } from './sync.queries.ts'

type SyncedChat = SyncAnswer['chats'][number]
type Position = SyncAnswer['readPositions'][number]

/** A chat of a call: one that the client named, one that they are a member of, or both. */
export type SpanChat = { id: string; known: number | undefined; membership: MembershipRow | undefined }

const maxMissing = 1_000
/** Upper bounds of one statement: chats, and changes of all of them together. */
const maxChatsPerRead = 50
const maxChangesPerRead = 300

type ChatsAnswer = {
  chats: SyncedChat[]
  readPositions: Position[]
  /** The last chat that the answer has whole; null when it has none. */
  after: string | null
  isComplete: boolean
}

/**
 * Answers for chats, ascending, as far as `size` allows. The connections of the user are in the rooms of these chats already, so that
 * nothing is missed between the answer and the events.
 * @param isEpochOther whether what the client knows is of other data: before a restore
 */
export async function answerChats(
  db: Deps['db'],
  userId: string,
  span: readonly SpanChat[],
  { size, isEpochOther }: { size: AnswerSize; isEpochOther: boolean },
): Promise<ChatsAnswer> {
  const answer: ChatsAnswer = { chats: [], readPositions: [], after: null, isComplete: false }
  for (let from = 0; from < span.length; ) {
    const chunk = takeChunk(span, from)
    const parts = await readChunk(db, userId, chunk, isEpochOther)
    for (const { id, entry, positions, isPartial } of parts) {
      const fitting = size.fit(entry, positions)
      if (fitting.entry) answer.chats.push(fitting.entry)
      if (!fitting.isWhole || isPartial) return answer
      answer.readPositions.push(...positions)
      answer.after = id
    }
    from += chunk.length
  }
  return { ...answer, isComplete: true }
}

/** Takes chats as long as one statement reads their missing changes; at least one. */
function takeChunk(span: readonly SpanChat[], from: number): SpanChat[] {
  const chunk: SpanChat[] = []
  let changes = 0
  for (const chat of span.slice(from, from + maxChatsPerRead)) {
    changes += missingOf(chat)
    if (chunk.length > 0 && changes > maxChangesPerRead) break
    chunk.push(chat)
  }
  return chunk
}

/** Counts the changes that a client misses and gets; 0 where it gets none. */
const missingOf = ({ known, membership }: SpanChat): number =>
  known === undefined || !membership ? 0 : Math.min(Math.max(0, membership.change - known), maxMissing)

type Part = { id: string; entry: SyncedChat | undefined; positions: Position[]; isPartial: boolean }

async function readChunk(
  db: Deps['db'],
  userId: string,
  chunk: readonly SpanChat[],
  isEpochOther: boolean,
): Promise<Part[]> {
  const wanted = chunk.flatMap(({ id, known = 0, membership }) => {
    if (!membership) return []
    const { change: latest, joined_change: joined } = membership
    const isRead = !resyncReason({ known, latest, joined, isEpochOther })
    return { chatId: id, after: isRead ? known : latest, limit: maxChangesPerRead }
  })
  const found = await readSharedChanges(db, wanted)
  // After the changes: who was removed meanwhile gets nothing of them.
  const rows = await readSharedPositions(db, { userId, chatIds: wanted.map(({ chatId }) => chatId) })
  const positions = Map.groupBy(rows, ({ chat_id }) => chat_id)
  return chunk.map(({ id, known, membership }) => {
    const own = positions.get(id)?.find(({ user_id }) => user_id === userId)
    const chat = found.get(id)
    if (!membership || !own || !chat)
      return { id, entry: known === undefined ? undefined : { id, ended: true }, positions: [], isPartial: false }
    const { latest, changes } = chat
    const place = { id, positions: (positions.get(id) ?? []).map(toPosition), isPartial: false }
    if (known === undefined) return { ...place, entry: { id, latest, isNew: true, changes: [] } }
    const reason = resyncReason({ known, latest, joined: own.joined_change, isEpochOther })
    if (reason) {
      resyncsTotal.inc({ reason })
      return { ...place, entry: { id, latest, resync: true } }
    }
    if (known === latest) return { ...place, entry: undefined }
    const isPartial = changes.length === maxChangesPerRead
    const viewer = { userId, joinedSeq: membership.joined_seq }
    return {
      ...place,
      isPartial,
      entry: {
        id,
        latest: isPartial ? lastOf(changes) : latest,
        isNew: false,
        changes: changes.map((change) => viewChange(change, viewer)),
      },
    }
  })
}

const lastOf = (changes: readonly FeedChange[]) => changes.at(-1)?.change ?? 0

const toPosition = ({ chat_id, user_id, read_seq }: PositionRow): Position => ({
  chatId: chat_id,
  userId: user_id,
  readSeq: read_seq,
})

/** Tells why a client must fetch a chat again; undefined when the changes lead it to the current state. */
function resyncReason(chat: { known: number; latest: number; joined: number; isEpochOther: boolean }) {
  if (chat.isEpochOther) return 'epoch'
  if (chat.known > chat.latest) return 'ahead'
  if (chat.known < chat.joined) return 'interrupted'
  return chat.latest - chat.known > maxMissing ? 'too-many' : undefined
}
