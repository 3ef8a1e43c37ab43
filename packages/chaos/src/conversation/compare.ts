import type { Chat, Message } from '@muster/client'
import { expect } from 'vitest'
import type { Inspector } from '../system/inspector.ts'
import type { Participant } from './participant.ts'

const pageSize = 100

/** Checks that a participant shows of a chat exactly what a new client would read, also when both have no access. */
export async function expectSameAsRefetch({ muster, name }: Participant, chatId: string): Promise<void> {
  const { chat, messages, hasOlder } = muster.chat(chatId).getSnapshot()
  const fetched = await muster.chats.get(chatId).catch(() => undefined)
  expect([name, chatId, chat && comparable(chat)]).toEqual([name, chatId, fetched && comparable(fetched)])
  if (!fetched || messages.length === 0) return
  const [oldest] = messages
  const all = await readMessages(muster, chatId)
  const expected = hasOlder && oldest ? all.filter(({ seq }) => seq >= oldest.seq) : all
  expect([name, chatId, messages]).toEqual([name, chatId, expected])
}

/** Leaves out URLs, whose host is that of the first answer that had them. */
const comparable = (chat: Chat) => JSON.parse(JSON.stringify(chat))

async function readMessages(muster: Participant['muster'], chatId: string): Promise<Message[]> {
  let all: Message[] = []
  for (;;) {
    const [oldest] = all
    const page = await muster.chats.messages(chatId, { limit: pageSize, ...(oldest && { before: oldest.seq }) })
    all = [...page.messages, ...all]
    if (!page.hasMore) return all
  }
}

/** Checks the ledgers: each acknowledged message is one row, and those of one client are numbered in the order in which it said them. */
export async function expectLedgersKept(crew: readonly Participant[], { query }: Inspector): Promise<number> {
  const rows = await query<{ id: string; chat_id: string; seq: string; sender_id: string; client_id: string }>(
    'select id, chat_id, seq, sender_id, client_id from messages',
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  let count = 0
  for (const { name, userId, ledger } of crew) {
    const missing = ledger.filter(({ id }) => !byId.has(id))
    expect([name, missing]).toEqual([name, []])
    const twice = ledger.filter(
      ({ clientId }) => rows.filter((row) => row.sender_id === userId && row.client_id === clientId).length !== 1,
    )
    expect([name, twice]).toEqual([name, []])
    for (const chatId of new Set(ledger.map((entry) => entry.chatId))) {
      const said = ledger.filter((entry) => entry.chatId === chatId).sort((one, other) => one.place - other.place)
      const seqs = said.map(({ id }) => Number(byId.get(id)?.seq))
      expect([name, chatId, seqs]).toEqual([name, chatId, seqs.toSorted((one, other) => one - other)])
    }
    count += ledger.length
  }
  return count
}

/** Checks that numbers are gapless, and that unread counts are those of the rows. */
export async function expectCountsOfRows(crew: readonly Participant[], { query }: Inspector): Promise<void> {
  const gaps = await query('select id from chats where seq <> (select count(*) from messages where chat_id = chats.id)')
  expect(gaps).toEqual([])
  const rows = await query<{ user_id: string; chat_id: string; unread: number }>(`
    select user_id, chat_id, least(100, (
      select count(*) from messages
      where messages.chat_id = chat_members.chat_id and sender_id <> user_id and deleted_at is null
        and seq > greatest(read_seq, joined_seq)
    ))::int as unread
    from chat_members where left_at is null`)
  for (const { userId, muster, name } of crew) {
    const shown = muster.realtime().chats.getSnapshot().items
    const expected = rows.filter((row) => row.user_id === userId).map((row) => [row.chat_id, row.unread])
    expect([name, sorted(shown.map(({ id, unreadCount }) => [id, unreadCount]))]).toEqual([name, sorted(expected)])
  }
}

const sorted = (pairs: (string | number)[][]) =>
  pairs.toSorted(([one], [other]) => String(one).localeCompare(String(other)))
