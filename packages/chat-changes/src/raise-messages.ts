import type { TransactContext } from '@muster/jobs/outbox'
import { sql } from 'kysely'

/**
 * Gives each of these messages of one chat the next number of a change, because something that it shows was written elsewhere,
 * and signals the changes. The caller has locked the chat with `lockChats`.
 */
export async function raiseMessages(
  { trx, signal }: Pick<TransactContext, 'trx' | 'signal'>,
  chatId: string,
  messageIds: readonly string[],
): Promise<void> {
  const distinct = [...new Set(messageIds)]
  if (distinct.length === 0) return
  const { rows } = await sql<{ change: number }>`
    with raised as (
      update chats set change = change + ${distinct.length}::int where id = ${chatId} returning change
    )
    update messages set change = raised.change - ${distinct.length}::int + place
    from raised, unnest(${distinct}::uuid[]) with ordinality as given (id, place)
    where messages.id = given.id and messages.chat_id = ${chatId}
    returning messages.change`.execute(trx)
  const latest = Math.max(...rows.map(({ change }) => change))
  if (rows.length > 0) signal({ room: `chat:${chatId}`, event: 'chat:change', chatId, change: latest })
}
