import type { Db } from '@muster/db'
import { chatFileVisibleSql, isChatMemberSql, messageVisibleSql } from '@muster/policy'
import { sql } from 'kysely'
import type { UserRow } from '../accounts/accounts.service.ts'
import { taskColumns } from '../tasks/task-columns.ts'
import { type Cursor, type ExportPage, readAuditPage, readPage, readPendingAuditPage } from './export.queries.ts'

/** Makes a path of this server an absolute URL. */
export type UrlOf = (path: string) => string
/** The exported user, and how their client reaches this server. */
export type Owner = Pick<UserRow, 'id' | 'email'> & { urlOf: UrlOf }

/** A list of the export, read in pages. */
export type Section = {
  name: string
  /** Others can take the user's access to the rows away, so that only the primary decides which ones they are. */
  isShared?: true
  read(db: Db, owner: Owner, after: Cursor | undefined): Promise<ExportPage>
}

type Part = Omit<Parameters<typeof readPage>[1], 'from' | 'where'> & { table: string; owner?: string }

/** Defines a section of the rows of a table whose column `owner` holds the user's id. */
const owned = (name: string, { table, owner = 'user_id', ...part }: Part): Section => ({
  name,
  read: (db, { id }, after) =>
    readPage(db, { ...part, from: sql.table(table), where: sql`${sql.ref(owner)} = ${id}` }, after),
})

const exportedTaskColumns = taskColumns.names.filter((name) => name !== 'version')
const byDueDate = [
  ['due_date', 'timestamptz'],
  ['id', 'uuid'],
] as const
const byId = [['id', 'uuid']] as const

/** Defines a section of tasks: those with a due date, and then those without one, each in the order of an index. */
function tasksOf(name: string, owner: 'owner_id' | 'assignee_id'): Section {
  const part =
    (hasDueDate: boolean) =>
    (db: Db, { id }: Owner, after: Cursor | undefined) =>
      readPage(
        db,
        {
          columns: exportedTaskColumns,
          from: sql`tasks`,
          where: sql`${sql.ref(owner)} = ${id} and due_date is ${hasDueDate ? sql`not null` : sql`null`}`,
          order: hasDueDate ? byDueDate : byId,
        },
        after,
      )
  const [readDated, readUndated] = [part(true), part(false)]
  return {
    name,
    ...(owner === 'assignee_id' && { isShared: true }),
    async read(db, owner, after) {
      if (after?.length === byId.length) return readUndated(db, owner, after)
      const dated = await readDated(db, owner, after)
      if (dated.next) return dated
      const { rows, next } = await readUndated(db, owner, undefined)
      return { rows: [...dated.rows, ...rows], next }
    },
  }
}

const attachmentColumns = [
  'id',
  'task_id',
  'chat_id',
  'message_id',
  'filename',
  'content_type',
  'status',
  'size_bytes',
  'original_size_bytes',
  'width_px',
  'height_px',
  'failure_reason',
  'created_at',
] as const

/** The files of tasks, and those of chats that the user still sees. */
const attachments: Section = {
  name: 'attachments',
  isShared: true,
  read: (db, { id }, after) =>
    readPage(
      db,
      {
        columns: attachmentColumns,
        from: sql`attachments`,
        where: sql`uploader_id = ${id} and (task_id is not null or exists (
          select from chats join chat_members on chat_members.chat_id = chats.id and chat_members.user_id = ${id}
          left join messages on messages.id = attachments.message_id
          where chats.id = attachments.chat_id and ${chatFileVisibleSql}
        ))`,
        order: byId,
      },
      after,
    ),
}

/** The chats of which the user is a member: groups by their name, direct chats by that of the other user. */
const chats: Section = {
  name: 'chats',
  isShared: true,
  read: (db, { id }, after) =>
    readPage(
      db,
      {
        columns: ['id', 'kind', 'name', 'role', 'joined_at'],
        from: sql`(
          select chats.id, kind, coalesce(chats.name, other.name) as name, chat_members.role, joined_at
          from chats join chat_members on chat_id = chats.id
          left join users other
            on other.id = case when user_low_id = ${id}::uuid then user_high_id else user_low_id end
          where user_id = ${id} and ${isChatMemberSql}
        ) own`,
        where: sql`true`,
        order: byId,
      },
      after,
    ),
}

/** The user's own messages that they see: not those from before they joined a chat again, and no deleted ones. */
const messages: Section = {
  name: 'messages',
  isShared: true,
  read: (db, { id }, after) =>
    readPage(
      db,
      {
        columns: ['id', 'chat_id', 'seq', 'body', 'reply_to_id', 'mentions', 'edited_at', 'created_at'],
        from: sql`(
          select messages.* from messages
          join chats on chats.id = messages.chat_id
          join chat_members on chat_members.chat_id = chats.id and chat_members.user_id = ${id}
          where sender_id = ${id} and messages.deleted_at is null and ${messageVisibleSql}
        ) own`,
        where: sql`true`,
        order: byId,
      },
      after,
    ),
}

/** Adds to each ready attachment the URL of its content. */
const attachmentsWithUrls: Section = {
  name: attachments.name,
  isShared: true,
  async read(db, owner, after) {
    const { rows, next } = await attachments.read(db, owner, after)
    const contentUrlOf = (row: (typeof rows)[number]) =>
      row.status === 'ready' ? owner.urlOf(`/api/v1/attachments/${row.id}/content`) : null
    return { rows: rows.map((row) => ({ ...row, url: contentUrlOf(row) })), next }
  },
}

const friends: Section = {
  name: 'friends',
  isShared: true,
  read: (db, { id }, after) =>
    readPage(
      db,
      {
        columns: [
          'friendships.id',
          'username',
          'name',
          'requester_id',
          'addressee_id',
          'accepted_at',
          'friendships.created_at',
        ],
        from: sql`friendships join users on users.id = case when requester_id = ${id} then addressee_id else requester_id end`,
        where: sql`${id}::uuid in (requester_id, addressee_id)`,
        order: [['friendships.id', 'uuid']],
      },
      after,
    ),
}

const blocks: Section = {
  name: 'blocks',
  read: (db, { id }, after) =>
    readPage(
      db,
      {
        columns: ['blocked_id', 'username', 'name', 'blocks.created_at'],
        from: sql`blocks join users on users.id = blocked_id`,
        where: sql`blocker_id = ${id}`,
        order: [['blocked_id', 'uuid']],
      },
      after,
    ),
}

/** Mails to the user or to their address. They hold no codes or tokens, which are never stored. */
const mails: Section = {
  name: 'mails',
  read: (db, { id, email }, after) =>
    readPage(
      db,
      {
        columns: ['id', 'template', 'to_address', 'status', 'attempts', 'data', 'created_at', 'sent_at', 'expires_at'],
        from: sql`email_messages`,
        where: sql`(user_id = ${id} or to_address = ${email})`,
        order: byId,
      },
      after,
    ),
}

/**
 * Every list that Muster stores about a user, except short-lived technical data (idempotency keys of the last day). Second
 * factors are listed with their dates, never with their secrets.
 */
export const sections: readonly Section[] = [
  owned('sessions', {
    table: 'sessions',
    columns: [
      'id',
      'user_agent',
      'ip',
      'is_remembered',
      'created_at',
      'last_used_at',
      'expires_at',
      'revoked_at',
      'revoked_reason',
    ],
    order: byId,
  }),
  owned('devices', {
    table: 'known_devices',
    columns: ['browser', 'network', 'first_seen_at', 'last_seen_at'],
    order: [
      ['browser', 'text'],
      ['network', 'text'],
    ],
  }),
  owned('authenticatorApps', { table: 'totp_secrets', columns: ['created_at', 'confirmed_at'], order: byId }),
  owned('recoveryCodes', {
    table: 'recovery_codes',
    columns: ['created_at', 'used_at'],
    // The hash orders the pages and is not exported.
    order: [['code_hash', 'bytea']],
  }),
  owned('twoFactorChallenges', {
    table: 'two_factor_challenges',
    columns: ['purpose', 'method', 'tries', 'created_at', 'expires_at', 'used_at'],
    order: byId,
  }),
  owned('passwordResets', {
    table: 'password_resets',
    columns: ['created_at', 'expires_at', 'used_at'],
    order: byId,
  }),
  friends,
  blocks,
  tasksOf('ownedTasks', 'owner_id'),
  tasksOf('assignedTasks', 'assignee_id'),
  attachmentsWithUrls,
  chats,
  messages,
  owned('reactions', {
    table: 'message_reactions',
    columns: ['message_id', 'emoji', 'created_at'],
    order: [
      ['message_id', 'uuid'],
      ['emoji', 'text'],
    ],
  }),
  owned('messageReports', {
    table: 'message_reports',
    owner: 'reporter_id',
    columns: ['id', 'message_id', 'chat_id', 'reason', 'created_at'],
    order: byId,
  }),
  owned('reminders', {
    table: 'reminders',
    columns: [
      'id',
      'task_id',
      'scheduled_at',
      'offset_minutes',
      'type',
      'message',
      'status',
      'failure_reason',
      'late',
      'sent_at',
      'completed_at',
      'created_at',
    ],
    order: [
      ['scheduled_at', 'timestamptz'],
      ['id', 'uuid'],
    ],
  }),
  owned('dueNotices', {
    table: 'due_notices',
    columns: ['id', 'task_id', 'kind', 'due_date', 'status', 'failure_reason', 'late', 'created_at'],
    order: byId,
  }),
  owned('digests', {
    table: 'digest_deliveries',
    columns: ['id', 'scheduled_at', 'status', 'failure_reason', 'late', 'created_at'],
    order: byId,
  }),
  owned('notifications', {
    table: 'notifications',
    columns: ['id', 'type', 'title', 'message', 'task_id', 'chat_id', 'data', 'is_read', 'created_at'],
    order: byId,
  }),
  mails,
  { name: 'auditEvents', read: (db, { id }, after) => readAuditPage(db, id, after) },
  // Events that the audit worker has not chained yet.
  { name: 'pendingAuditEvents', read: (db, { id }, after) => readPendingAuditPage(db, id, after) },
]
