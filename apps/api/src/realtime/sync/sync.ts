import { DomainError } from '@muster/errors'
import type { ClientEventPayload, SyncAnswer } from '@muster/realtime/events'
import type { Context } from '../../context.ts'
import { rateLimited, scaledMax, socketLimits } from '../../http/limits/limits.ts'
import type { MembershipRow } from '../delivery/membership.ts'
import { resyncsTotal } from '../delivery/metrics.ts'
import type { Gateway } from '../gateway.ts'
import { createAnswerSize } from './answer-size.ts'
import { readSharedEpoch, readSharedNotifications, readSharedSpan } from './shared-reads.ts'
import { answerChats, type SpanChat } from './sync-answer.ts'
import { createTurns } from './turns.ts'

type SyncRequest = ClientEventPayload<'sync'>

const maxChatsPerAnswer = 500
const maxNotifications = 100
/** A thousand clients that come back at once share statements, and must leave time for requests and for changes of now. */
const maxParallel = 24

/**
 * Answers `sync`: what a client misses, whether it was away for a second or a month.
 * @param steps.follow lets the connections of the user join the rooms of these chats
 */
export function handleSync(
  { handle, signals: { db } }: Pick<Gateway, 'handle' | 'signals'>,
  { config }: Pick<Context, 'config'>,
  steps: { follow(rows: readonly MembershipRow[]): void },
): void {
  const { run } = createTurns(maxParallel)
  const assertAdmits = createLimit(scaledMax(socketLimits.syncs, config.rateLimitScale))
  const originLength = config.publicUrl.origin.length

  handle('sync', ({ actor: { userId } }, request) => {
    assertAdmits(userId)
    const { after, upTo, known } = readRequest(request)
    return run(async () => {
      const restoreEpoch = await readSharedEpoch(db, null)
      const isEpochOther = request.restoreEpoch !== null && request.restoreEpoch !== restoreEpoch
      const size = createAnswerSize(originLength)
      const notifications = await answerNotifications(userId, isEpochOther ? null : request.notifications)
      size.add(notifications.part)
      const rows = await readSharedSpan(db, { userId, after, upTo, limit: maxChatsPerAnswer + 1 })
      const memberships = rows.slice(0, maxChatsPerAnswer)
      // The rooms first: a change that is committed after the read below arrives as an event.
      steps.follow(memberships)
      const isCut = rows.length > maxChatsPerAnswer
      const span = spanOf(known, memberships, isCut ? memberships.at(-1)?.chat_id : undefined)
      const chats = await answerChats(db, userId, span, { size, isEpochOther })
      const isLost = notifications.isLost || isEpochOther || chats.chats.some((chat) => 'resync' in chat)
      return {
        restoreEpoch,
        lossless: !isLost,
        chats: chats.chats,
        readPositions: chats.readPositions,
        notifications: notifications.part,
        unreadCount: notifications.unreadCount,
        more: isCut || !chats.isComplete || !notifications.isComplete,
        after: chats.after ?? after,
      }
    })
  })

  /** @param after null for a client that has none */
  async function answerNotifications(userId: string, after: number | null) {
    const known = { userId, change: after ?? Number.MAX_SAFE_INTEGER, limit: maxNotifications }
    const changes = await readSharedNotifications(db, known)
    const { latest, isComplete, unreadCount } = changes
    const isLost = after !== null && changes.isLost
    if (isLost) resyncsTotal.inc({ reason: 'notifications' })
    const isWhole = changes.isLost || isComplete
    const part: SyncAnswer['notifications'] = {
      change: isWhole ? latest : (changes.changes.at(-1)?.change ?? latest),
      changed: changes.isLost
        ? []
        : changes.changes.flatMap((change) => ('notification' in change ? change.notification : [])),
      deletedIds: changes.isLost
        ? []
        : changes.changes.flatMap((change) => ('deletedId' in change ? change.deletedId : [])),
      resync: changes.isLost,
    }
    return { part, unreadCount, isLost, isComplete: isWhole }
  }
}

/** @throws DomainError VALIDATION_FAILED for a chat that this call is not about */
function readRequest({ chats, ...request }: SyncRequest) {
  const after = request.after?.toLowerCase() ?? null
  const upTo = request.upTo?.toLowerCase() ?? null
  const known = new Map(Object.entries(chats).map(([id, change]) => [id.toLowerCase(), change]))
  for (const id of known.keys()) {
    if ((after === null || id > after) && (upTo === null || id <= upTo)) continue
    const message = `The chat ${id} is not between \`after\` and \`upTo\`. Name it in the call that is about it.`
    throw new DomainError('VALIDATION_FAILED', { message })
  }
  return { after, upTo, known }
}

/** Merges the chats that the client named and those of the user, ascending. @param upTo where this answer ends, if not at the end */
function spanOf(
  known: ReadonlyMap<string, number>,
  memberships: readonly MembershipRow[],
  upTo: string | undefined,
): SpanChat[] {
  const byId = new Map(memberships.map((row) => [row.chat_id, row]))
  return [...new Set([...known.keys(), ...byId.keys()])]
    .filter((id) => upTo === undefined || id <= upTo)
    .sort()
    .map((id) => ({ id, known: known.get(id), membership: byId.get(id) }))
}

/** Returns a function that counts the calls of each user in a minute. @throws DomainError RATE_LIMITED */
function createLimit(max: number): (userId: string) => void {
  const counts = new Map<string, number>()
  let endsMs = 0
  return (userId) => {
    const nowMs = performance.now()
    if (nowMs >= endsMs) {
      counts.clear()
      endsMs = nowMs + socketLimits.syncs.windowMs
    }
    const count = (counts.get(userId) ?? 0) + 1
    counts.set(userId, count)
    if (count > max) throw rateLimited(endsMs - nowMs)
  }
}
