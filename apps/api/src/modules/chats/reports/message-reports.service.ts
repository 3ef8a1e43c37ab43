import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { notifyAll } from '@muster/notifications'
import { can, rolesWith } from '@muster/policy'
import { z } from 'zod'
import type { Deps } from '../../../deps.ts'
import type { Actor, Origin } from '../../../http/actor.ts'
import { cursorOf } from '../../../http/cursor.ts'
import { eventOn } from '../../../http/event-on.ts'
import { exactId } from '../../../http/fields.ts'
import { cursorPage } from '../../../http/pagination.ts'
import type { Reads } from '../../../http/reads/reads.ts'
import { toUserSummary } from '../../accounts/user-summary.ts'
import * as queries from './message-reports.queries.ts'
import type { MessageReport, ReportsQuery } from './message-reports.schema.ts'

type Options = { origin: Origin }
type Reported = { report: { id: string; createdAt: string }; isNew: boolean }

/**
 * Reports a message of another user to the administrators of the group's organization, or of the platform for other chats. A second
 * report of the same message by the actor changes nothing.
 * @throws DomainError NOT_FOUND for a message that the actor does not see, CONFLICT for their own and for a deleted one
 */
export function reportMessage(
  { transact, clock }: Pick<Deps, 'transact' | 'clock'>,
  actor: Actor,
  { chatId, messageId, reason }: { chatId: string; messageId: string; reason: string },
  { origin }: Options,
): Promise<Reported> {
  const now = clock.now()
  return transact(async (tx) => {
    const message = await queries.findReportable(tx.trx, { chatId, messageId, userId: actor.userId })
    if (!message) throw new DomainError('NOT_FOUND')
    if (message.senderId === actor.userId)
      throw new DomainError('CONFLICT', { message: 'This is your own message. You can delete it.' })
    if (message.isDeleted) throw new DomainError('CONFLICT', { message: 'This message was deleted.' })
    const place = { messageId, chatId, reporterId: actor.userId, reason, now }
    const created = await queries.insertReport(tx.trx, place)
    const { id, createdAt } = created ?? (await queries.findReport(tx.trx, messageId, actor.userId))
    if (created) {
      tx.audit({
        ...eventOn('message', messageId, actor.userId, origin),
        action: 'message.reported',
        after: { reportId: id, chatId, senderId: message.senderId },
      })
      await notifyAdministrators(tx, actor, { ...message, now })
    }
    return { report: { id, createdAt: createdAt.toISOString() }, isNew: created !== undefined }
  })
}

/** Notifies those who may read the report, except the sender of the message and the reporter. */
async function notifyAdministrators(
  tx: TransactContext,
  { userId }: Actor,
  { organizationId, senderId, name, now }: queries.Reportable & { now: Date },
): Promise<void> {
  const except = [userId, senderId]
  const ofOrganization = organizationId
    ? await queries.findRecipients(tx.trx, { roles: ['client_admin'], organizationId, except })
    : []
  const recipients =
    ofOrganization.length > 0
      ? ofOrganization
      : await queries.findRecipients(tx.trx, { roles: platformRoles, organizationId: null, except })
  const where = name === null ? 'a direct chat' : `the group “${name}”`
  const notice = {
    type: 'general' as const,
    title: 'A message was reported',
    message: `A message in ${where} was reported.`,
  }
  await notifyAll(
    tx,
    recipients.map((recipientId) => ({ userId: recipientId, ...notice })),
    now,
  )
}

const platformRoles = rolesWith('report.read').filter((role) => role !== 'client_admin')

const cursors = cursorOf(z.tuple([exactId]))

/**
 * Lists reports with the messages as they are now, the newest first: all for platform roles, those of the groups of their organization
 * for client_admins. The audit log records which ones were read.
 * @throws DomainError FORBIDDEN, VALIDATION_FAILED for an invalid cursor
 */
export async function listReports(
  { reads, transact }: { reads: Reads } & Pick<Deps, 'transact'>,
  actor: Actor,
  { limit, cursor }: ReportsQuery,
  { origin }: Options,
) {
  const [before] = cursor === undefined ? [undefined] : cursors.decode(cursor)
  const organizationId = can(actor, 'report.read', {}) ? undefined : actor.organizationId
  if (organizationId === null) throw new DomainError('FORBIDDEN')
  const found = await reads.read(
    (db) => queries.listReports(db, { organizationId, before, limit: limit + 1 }),
    'bySession',
  )
  const rows = found.slice(0, limit)
  await transact(async ({ audit }) =>
    audit({
      ...eventOn('reports', 'list', actor.userId, origin),
      action: 'message.reports_read',
      after: {
        reportIds: rows.map(({ id }) => id),
        userIds: [...new Set(rows.flatMap(({ reporter, sender }) => [reporter.id, sender.id]))],
      },
    }),
  )
  const last = rows.at(-1)
  const nextCursor = last && found.length > limit ? cursors.encode([last.id]) : null
  return { reports: rows.map(toReport), pagination: cursorPage({ limit, nextCursor }) }
}

const toReport = (row: queries.ReportRow): MessageReport => ({
  id: row.id,
  createdAt: row.createdAt.toISOString(),
  reason: row.reason,
  reporter: toUserSummary(row.reporter),
  chat: { id: row.chatId, kind: row.kind, name: row.name, organizationId: row.organizationId },
  message: {
    id: row.messageId,
    seq: row.seq,
    sender: toUserSummary(row.sender),
    body: row.body,
    filenames: row.filenames,
    editedAt: row.editedAt?.toISOString() ?? null,
    deletedAt: row.deletedAt?.toISOString() ?? null,
    createdAt: row.sentAt.toISOString(),
  },
})
