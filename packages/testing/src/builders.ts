import { type Database, type Db, newId, type Trx } from '@muster/db'
import type { Insertable, Selectable } from 'kysely'

type Into = Db | Trx
type Row<Table extends keyof Database> = Selectable<Database[Table]>
type Overrides<Table extends keyof Database> = Partial<Insertable<Database[Table]>>

const hourMs = 3_600_000

/** Inserts an organization; pass `is_personal: true` for that of a user without a team. */
export function insertOrganization(
  db: Into,
  overrides: Overrides<'organizations'> = {},
): Promise<Row<'organizations'>> {
  return db
    .insertInto('organizations')
    .values({ id: newId(), name: 'Test organization', ...overrides })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Inserts an active user without a password, in a new personal organization unless one or a platform role is given. */
export async function insertUser(db: Into, overrides: Overrides<'users'> = {}): Promise<Row<'users'>> {
  const id = overrides.id ?? newId()
  const role = overrides.role ?? 'client_admin'
  const isClient = role === 'client_admin' || role === 'client_user'
  const organizationId =
    overrides.organization_id ?? (isClient ? (await insertOrganization(db, { is_personal: true })).id : null)
  const username = `u${id.replaceAll('-', '').slice(-20)}`
  return db
    .insertInto('users')
    .values({
      username,
      name: 'Test Person',
      email: `${username}@example.test`,
      ...overrides,
      id,
      role,
      organization_id: organizationId,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Inserts a task of the user, due in a day. */
export function insertTask(
  db: Into,
  owner: Pick<Row<'users'>, 'id' | 'organization_id'>,
  overrides: Overrides<'tasks'> = {},
): Promise<Row<'tasks'>> {
  return db
    .insertInto('tasks')
    .values({
      id: newId(),
      owner_id: owner.id,
      organization_id: owner.organization_id,
      title: 'Test task',
      due_date: new Date(Date.now() + 24 * hourMs),
      ...overrides,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Inserts a pending reminder of the task's owner, an hour ahead. */
export function insertReminder(
  db: Into,
  task: Pick<Row<'tasks'>, 'id' | 'owner_id'>,
  overrides: Overrides<'reminders'> = {},
): Promise<Row<'reminders'>> {
  return db
    .insertInto('reminders')
    .values({
      id: newId(),
      task_id: task.id,
      user_id: task.owner_id,
      scheduled_at: new Date(Date.now() + hourMs),
      ...overrides,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Inserts a group with these members, the first as its admin. Each joined before the first message, by a change of their own. */
export async function insertGroup(
  db: Into,
  members: readonly Pick<Row<'users'>, 'id'>[],
  overrides: Overrides<'chats'> = {},
): Promise<Row<'chats'>> {
  const change = members.length + 1
  const chat = await db
    .insertInto('chats')
    .values({ id: newId(), kind: 'group', name: 'Test group', own_change: 1, change, ...overrides })
    .returningAll()
    .executeTakeFirstOrThrow()
  const rows = members.map(({ id }, index) => ({
    chat_id: chat.id,
    user_id: id,
    role: index === 0 ? 'admin' : 'member',
    joined_seq: 0,
    joined_change: index + 2,
    change: index + 2,
  }))
  if (rows.length > 0) await db.insertInto('chat_members').values(rows).execute()
  return chat
}

/** Inserts the row of an image of a chat that is ready, without bytes; sent with the message, if there is one. */
export function insertChatFile(
  db: Into,
  chat: Pick<Row<'chats'>, 'id'>,
  uploader: Pick<Row<'users'>, 'id' | 'organization_id'>,
  overrides: Overrides<'attachments'> = {},
): Promise<Row<'attachments'>> {
  const id = newId()
  return db
    .insertInto('attachments')
    .values({
      id,
      chat_id: chat.id,
      organization_id: uploader.organization_id,
      uploader_id: uploader.id,
      filename: 'picture.webp',
      content_type: 'image/webp',
      kind: 'image',
      status: 'ready',
      size_bytes: 10,
      original_size_bytes: 10,
      storage_key: `attachments/${id}/optimized`,
      thumbnail_key: `attachments/${id}/thumbnail`,
      position: 0,
      ...overrides,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Inserts the next message of a chat. */
export async function insertMessage(
  db: Into,
  chat: Pick<Row<'chats'>, 'id'>,
  sender: Pick<Row<'users'>, 'id'>,
  overrides: Overrides<'messages'> = {},
): Promise<Row<'messages'>> {
  const { seq, change } = await db
    .updateTable('chats')
    .set((eb) => ({
      seq: eb('seq', '+', 1),
      change: eb('change', '+', 1),
      last_message_at: overrides.created_at ?? new Date(),
    }))
    .where('id', '=', chat.id)
    .returning(['seq', 'change'])
    .executeTakeFirstOrThrow()
  return db
    .insertInto('messages')
    .values({
      id: newId(),
      chat_id: chat.id,
      sender_id: sender.id,
      client_id: newId(),
      content_mac: Buffer.from('test'),
      body: 'Test message',
      ...overrides,
      seq,
      change,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}
