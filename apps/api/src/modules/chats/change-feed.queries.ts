import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'
import { type HeaderRow, headerSelection, type MemberRow, memberSelection } from './chat-view.ts'
import { type MessageRow, messageSelection } from './message-view.ts'

/** A chat whose changes after a number are wanted, at most `limit` of them. */
export type WantedChanges = { chatId: string; after: number; limit: number }

/** A change with the current state of the one row that it belongs to; without one where the chat has no change. */
export type ChangeRow = {
  chatId: string
  latest: number
  firstSeq: number
  change: number | null
  message: MessageRow | null
  member: MemberRow | null
  chat: HeaderRow | null
}

/**
 * Reads changes of chats in one statement, which sees one state of all of them. Each kind of row is read from its own index and only as
 * far as `limit` reaches.
 * @returns rows ascending by change within a chat; one without a change for a chat that has none, and no row for an unknown chat
 */
export async function listChanges(db: Db | Trx, wanted: readonly WantedChanges[]): Promise<ChangeRow[]> {
  // JSON, of which the planner expects a fixed number of rows, so that it keeps its plan. For each other length of an array it would
  // plan anew, which costs more than reading the changes of a moment.
  const given = wanted.map(({ chatId, after, limit }) => ({ chat_id: chatId, after, max: limit }))
  const { rows } = await sql<ChangeRow>`
    select wanted.chat_id as "chatId", chats.change as latest, chats.first_seq as "firstSeq", found.change,
      (select to_json(m) from (
        select ${messageSelection} from messages where messages.id = found.message_id and messages.chat_id = wanted.chat_id
      ) m) as message,
      (select to_json(m) from (
        select ${memberSelection} from chat_members where chat_id = wanted.chat_id and user_id = found.user_id
      ) m) as member,
      case when found.is_own then (select to_json(h) from (select ${headerSelection}) h) end as chat
    from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as wanted (chat_id uuid, after bigint, max bigint)
    join chats on chats.id = wanted.chat_id
    left join lateral (
      select change, message_id, user_id, is_own from (
        (select m.change, m.id as message_id, null::uuid as user_id, false as is_own from messages m
          where m.chat_id = wanted.chat_id and m.change > wanted.after order by m.change limit wanted.max)
        union all
        (select m.change, null, m.user_id, false from chat_members m
          where m.chat_id = wanted.chat_id and m.change > wanted.after order by m.change limit wanted.max)
        union all
        (select chats.own_change, null, null, true where chats.own_change > wanted.after)
      ) changed order by change limit wanted.max
    ) found on true
    order by wanted.chat_id, found.change`.execute(db)
  return rows
}
