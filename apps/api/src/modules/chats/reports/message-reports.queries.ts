import { type Db, newId, type Trx } from '@muster/db'
import { activeUserSql, messageVisibleSql, type Role } from '@muster/policy'
import { sql } from 'kysely'
import { type UserSummaryRow, userSummarySql } from '../../accounts/user-summary.ts'

type Created = { id: string; createdAt: Date }

/** Inserts the report of a user, once for each message. @returns undefined when there is one */
export async function insertReport(
  trx: Trx,
  report: { messageId: string; chatId: string; reporterId: string; reason: string; now: Date },
): Promise<Created | undefined> {
  const { messageId, chatId, reporterId, reason, now } = report
  const { rows } = await sql<Created>`
    insert into message_reports (id, message_id, chat_id, reporter_id, reason, created_at)
    values (${newId()}, ${messageId}, ${chatId}, ${reporterId}, ${reason}, ${now})
    on conflict (message_id, reporter_id) do nothing returning id, created_at as "createdAt"`.execute(trx)
  return rows[0]
}

export async function findReport(trx: Trx, messageId: string, reporterId: string): Promise<Created> {
  const { rows } = await sql<Created>`
    select id, created_at as "createdAt" from message_reports
    where message_id = ${messageId} and reporter_id = ${reporterId}`.execute(trx)
  return rows[0] as Created
}

/** Finds active users of these roles, in an organization or in none, except some. */
export async function findRecipients(
  trx: Trx,
  { roles, organizationId, except }: { roles: readonly Role[]; organizationId: string | null; except: string[] },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from users
    where role = any(${roles}::text[]) and organization_id is not distinct from ${organizationId}::uuid
      and id <> all(${except}::uuid[]) and ${activeUserSql} order by id`.execute(trx)
  return rows.map(({ id }) => id)
}

export type ReportRow = {
  id: string
  createdAt: Date
  reason: string
  reporter: UserSummaryRow
  chatId: string
  kind: 'direct' | 'group'
  name: string | null
  organizationId: string | null
  messageId: string
  seq: number
  sender: UserSummaryRow
  body: string | null
  filenames: string[]
  editedAt: Date | null
  deletedAt: Date | null
  sentAt: Date
}

/**
 * Lists reports, the newest first.
 * @param organizationId only those of its groups; undefined for all
 * @param before only older ones than this report
 */
export async function listReports(
  db: Db,
  { organizationId, before, limit }: { organizationId: string | undefined; before: string | undefined; limit: number },
): Promise<ReportRow[]> {
  const isTheirs = organizationId === undefined ? sql`true` : sql`chats.organization_id = ${organizationId}`
  const isOlder = before === undefined ? sql`true` : sql`report.id < ${before}::uuid`
  const { rows } = await sql<ReportRow>`
    select report.id, report.created_at as "createdAt", report.reason,
      ${userSummarySql(sql.ref('report.reporter_id'))} as reporter, chats.id as "chatId", chats.kind, chats.name,
      chats.organization_id as "organizationId", messages.id as "messageId", messages.seq,
      ${userSummarySql(sql.ref('messages.sender_id'))} as sender, messages.body,
      array(select filename from attachments where message_id = messages.id order by position) as filenames,
      messages.edited_at as "editedAt", messages.deleted_at as "deletedAt", messages.created_at as "sentAt"
    from message_reports report join messages on messages.id = report.message_id join chats on chats.id = report.chat_id
    where ${isTheirs} and ${isOlder} order by report.id desc limit ${limit}`.execute(db)
  return rows
}

/** A message that a user sees, as far as a report needs it. */
export type Reportable = {
  senderId: string
  isDeleted: boolean
  organizationId: string | null
  /** The name of the group; null in a direct chat. */
  name: string | null
}

/** Reads a message that is visible to the user. */
export async function findReportable(
  trx: Trx,
  { chatId, messageId, userId }: { chatId: string; messageId: string; userId: string },
): Promise<Reportable | undefined> {
  const { rows } = await sql<Reportable>`
    select messages.sender_id as "senderId", messages.deleted_at is not null as "isDeleted",
      chats.organization_id as "organizationId", chats.name
    from messages join chats on chats.id = messages.chat_id
    join chat_members on chat_members.chat_id = chats.id and chat_members.user_id = ${userId}
    where messages.id = ${messageId} and messages.chat_id = ${chatId} and ${messageVisibleSql}`.execute(trx)
  return rows[0]
}
