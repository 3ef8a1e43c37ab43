import { createBatches } from '../batches.ts'
import type { Feature } from '../gateway.ts'
import { handleSync } from '../sync/sync.ts'
import { createFollowedChats } from './followed-chats.ts'
import type { MembershipRow } from './membership.ts'
import { listMemberships, listMembershipsOf, type Pair } from './memberships.queries.ts'
import { pollRecentChanges } from './poll.ts'
import { createSequencer } from './sequencer.ts'
import { tellStale } from './stale.ts'

/** Users whose memberships one statement reads. */
const usersPerRead = 50

/** Delivers the changes of chats to the connections of their members. */
export const delivery: Feature = (gateway, context) => {
  const { log } = context
  const { signals, connections } = gateway
  const { db } = signals
  const chats = createFollowedChats(connections)
  const sequencer = createSequencer({ gateway, chats, db, log })
  const stale = tellStale(gateway)

  const follow = (rows: readonly MembershipRow[], options: { isNew: boolean }) => {
    chats.add(rows, options)
    for (const { chat_id, change } of rows) sequencer.wake(chat_id, change)
  }
  const followAll = createBatches(async (userIds: readonly string[]) => {
    for (let from = 0; from < userIds.length; from += usersPerRead)
      follow(await listMembershipsOf(db, userIds.slice(from, from + usersPerRead)), { isNew: false })
  })
  let lastFollowed: Promise<void> | undefined
  const followNew = createBatches(async (pairs: readonly Pair[]) => {
    // A user who has just connected may have had this chat before: what came earlier is not to be emitted.
    await lastFollowed?.catch(() => {})
    const unknown = pairs.filter(({ chatId }) => !chats.get(chatId))
    if (unknown.length > 0) follow(await listMemberships(db, unknown), { isNew: true })
  })

  gateway.onConnect(({ actor }) => {
    lastFollowed = followAll([actor.userId])
    return lastFollowed
  })
  gateway.onDisconnect(({ actor, chats: ids }) => {
    if (connections.hasUser(actor.userId)) return
    for (const id of ids) {
      const chat = chats.get(id)
      if (chat) chats.removeMember(chat, actor.userId)
    }
  })
  gateway.onOpen(() => {
    sequencer.resume()
    signals.pollNow()
  })
  signals.on('chat:change', ({ room, chatId, change }) => {
    if (!chatId || !change) return
    sequencer.wake(chatId, change)
    const userId = room.startsWith('user:') ? room.slice('user:'.length) : undefined
    // A failure is made good by the next poll.
    if (userId && !chats.get(chatId) && connections.hasUser(userId)) followNew([{ chatId, userId }]).catch(() => {})
  })
  handleSync(gateway, context, { follow: (rows) => follow(rows, { isNew: false }) })
  pollRecentChanges({ gateway, chats, sequencer, followNew })

  return {
    async close() {
      stale.close()
      await sequencer.close()
    },
  }
}
