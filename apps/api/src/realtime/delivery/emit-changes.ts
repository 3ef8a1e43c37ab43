import { changeDeliveredTo, isChatMember } from '@muster/policy'
import { type FeedChange, viewChange, viewKey } from '../../modules/chats/change-feed.service.ts'
import type { Connection } from '../connections.ts'
import type { Gateway } from '../gateway.ts'
import type { FollowedChat, FollowedChats, LocalMember } from './followed-chats.ts'
import type { MemberChangeRow } from './memberships.queries.ts'
import { chatChangesEmitted } from './metrics.ts'

type EmitDeps = { gateway: Pick<Gateway, 'emit' | 'isOpen' | 'noteChange' | 'connections'>; chats: FollowedChats }

/**
 * Emits changes of a chat, in the order of their numbers, to the members who get them. Nothing is awaited, so that no other change of
 * the chat comes between.
 * @param changes ascending, above `chat.sent`
 * @param changedMembers all memberships with a number above `chat.sent`, as of the state in which `changes` were read or a later one
 * @returns false when it stopped because the gateway does not emit any more; `chat.sent` tells how far it came
 */
export function emitChanges(
  { gateway, chats }: EmitDeps,
  chat: FollowedChat,
  changes: readonly FeedChange[],
  changedMembers: readonly MemberChangeRow[],
): boolean {
  // Before the first one: a row tells its latest state alone, and who has left by then must not get what came after.
  for (const { user_id, ...member } of changedMembers) chats.setMember(chat, user_id, member)
  for (const change of changes) {
    if (!gateway.isOpen()) return false
    emitChange(gateway, chat, change)
    chat.sent = change.change
    chatChangesEmitted.inc()
    gateway.noteChange(change)
    if (change.kind === 'member' && change.row.leftChange !== null) chats.removeMember(chat, change.row.user.id)
  }
  return true
}

function emitChange(gateway: EmitDeps['gateway'], chat: FollowedChat, change: FeedChange): void {
  const place = { chatId: chat.id, prev: chat.sent }
  const groups = groupMembers(chat, change)
  const [first] = groups
  if (first && groups.length === 1 && first.userIds.length === chat.members.size) {
    gateway.emit(`chat:${chat.id}`, 'chat:change', { ...place, ...viewChange(change, first.viewer) })
    return
  }
  for (const { viewer, userIds } of groups)
    gateway.emit(connectionsOf(gateway, userIds), 'chat:change', { ...place, ...viewChange(change, viewer) })
}

type Viewer = { userId: string; joinedSeq: number }
type Group = { viewer: Viewer; userIds: string[] }

/** Groups the members who get a change by what they see of it, so that it is encoded once for each group: nearly always for one. */
function groupMembers(chat: FollowedChat, change: FeedChange): Group[] {
  const groups = new Map<string, Group>()
  for (const [userId, member] of chat.members) {
    if (!changeDeliveredTo(change.change, member)) continue
    const viewer = viewerOf(userId, member)
    const key = viewKey(change, viewer)
    const group = groups.get(key)
    if (group) group.userIds.push(userId)
    else groups.set(key, { viewer, userIds: [userId] })
  }
  return [...groups.values()]
}

/** Who has left meanwhile sees no message any more, also none of before; the numbers still arrive without a gap. */
const viewerOf = (userId: string, member: LocalMember): Viewer => ({
  userId,
  joinedSeq: isChatMember(member) ? member.joined_seq : Number.POSITIVE_INFINITY,
})

function* connectionsOf({ connections }: EmitDeps['gateway'], userIds: readonly string[]): Iterable<Connection> {
  for (const userId of userIds) yield* connections.ofUser(userId)
}
