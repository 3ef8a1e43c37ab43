import { newId } from '@muster/db'
import type { Chat, Message } from '@muster/realtime/shapes'
import { sql } from 'kysely'
import { dataOf, succeeded } from '../../../testing/succeeded.ts'
import type { TestApp, TestUser } from '../../../testing/test-app.ts'

export const chatsUrl = '/api/v1/chats'
export const messagesUrl = (chatId: string) => `${chatsUrl}/${chatId}/messages`

const idsOf = (users: TestUser[]) => users.map(({ userId }) => userId)

/** Creates a group of these users, whose admin is the first one. */
export const createGroup = async (as: TestUser, others: TestUser[], fields: object = {}): Promise<Chat> =>
  dataOf(await as.inject('POST', chatsUrl, { type: 'group', name: 'Garden', memberIds: idsOf(others), ...fields })).chat

export const createDirect = async (as: TestUser, other: TestUser): Promise<Chat> =>
  dataOf(await as.inject('POST', chatsUrl, { type: 'direct', userId: other.userId })).chat

/** Sends a message without asserting its answer. */
export const trySend = (as: TestUser, chatId: string, fields: object) =>
  as.inject('POST', messagesUrl(chatId), { clientId: newId(), ...fields })

export const send = async (as: TestUser, chatId: string, fields: object | string = 'Hello'): Promise<Message> =>
  dataOf(await trySend(as, chatId, typeof fields === 'string' ? { body: fields } : fields)).message

export const chatOf = async (as: TestUser, chatId: string): Promise<Chat> =>
  dataOf(await as.inject('GET', `${chatsUrl}/${chatId}`)).chat

export const messagesOf = async (as: TestUser, chatId: string, query = ''): Promise<Message[]> =>
  dataOf(await as.inject('GET', `${messagesUrl(chatId)}${query}`)).messages

export const changesOf = async (as: TestUser, chatId: string, after = 0) =>
  dataOf(await as.inject('GET', `${chatsUrl}/${chatId}/changes?after=${after}&limit=1000`))

export const makeFriends = (api: TestApp, one: TestUser, other: TestUser) =>
  api.db
    .insertInto('friendships')
    .values({
      id: newId(),
      requester_id: one.userId,
      addressee_id: other.userId,
      created_at: new Date(),
      accepted_at: new Date(),
    })
    .execute()

/** Removes a member. */
export const removeMember = async (admin: TestUser, chatId: string, { userId }: TestUser) =>
  succeeded(await admin.inject('DELETE', `${chatsUrl}/${chatId}/members/${userId}`))

/** Adds a member, or one who was a member before. */
export const addMember = async (admin: TestUser, chatId: string, { userId }: TestUser) =>
  succeeded(await admin.inject('POST', `${chatsUrl}/${chatId}/members`, { userIds: [userId] }))

/** Counts the unread messages of a member anew, by the rule of the specification. */
export async function recountUnread({ db }: TestApp, chatId: string, { userId }: TestUser): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from messages join chat_members using (chat_id)
    where chat_id = ${chatId} and user_id = ${userId} and sender_id <> user_id and deleted_at is null
      and messages.seq > greatest(read_seq, joined_seq)`.execute(db)
  return rows[0]?.count ?? 0
}
