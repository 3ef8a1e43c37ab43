import { sql } from 'kysely'
import { type ChatTx, type LockedChat, nextChange } from './chat-lock.ts'

export type NewMember = { userId: string; role: 'admin' | 'member' }

/** The largest number of members of a group. */
export const maxMembers = 1_000

/**
 * Adds members to a locked chat, each by a change of its own. Who was a member before starts anew: they see later messages only, and the
 * chat is neither muted nor archived. The caller has checked that nobody is an active member, and calls `saveCounters`.
 */
export async function insertMembers(
  { trx }: Pick<ChatTx, 'trx'>,
  chat: LockedChat,
  members: readonly NewMember[],
  now: Date,
): Promise<void> {
  if (members.length === 0) return
  await sql`
    insert into chat_members (
      chat_id, user_id, role, joined_seq, read_seq, joined_change, change, joined_at, updated_at
    )
    select ${chat.id}::uuid, user_id, role, ${chat.seq}::bigint, ${chat.seq}::bigint, change, change, ${now}, ${now}
    from unnest(
      ${members.map(({ userId }) => userId)}::uuid[], ${members.map(({ role }) => role)}::text[],
      ${members.map(() => nextChange(chat))}::bigint[]
    ) as added (user_id, role, change)
    on conflict (chat_id, user_id) do update set
      role = excluded.role, joined_seq = excluded.joined_seq, read_seq = excluded.read_seq,
      joined_change = excluded.joined_change, change = excluded.change, joined_at = excluded.joined_at,
      updated_at = excluded.updated_at, left_at = null, left_change = null, muted_until = null, mutes_mentions = false,
      archived_at = null`.execute(trx)
}
