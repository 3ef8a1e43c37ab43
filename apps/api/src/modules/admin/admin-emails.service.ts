import { DomainError, detailOf } from '@muster/errors'
import { displayEmailAddress } from '@muster/identifiers'
import { insertMail, isTemplateName, type TemplateData, type TemplateName, templates } from '@muster/mail'
import type { Deps } from '../../deps.ts'
import { cursorPage } from '../../http/pagination.ts'
import type { Reads } from '../../http/reads/reads.ts'
import { findUserSummaries } from '../accounts/user-summary.ts'
import * as queries from './admin-emails.queries.ts'
import type { AdminEmail, EmailAttempt, EmailDetail, EmailQuery } from './admin-emails.schema.ts'
import { toSuppression } from './email-suppressions.service.ts'
import { assertPermission, auditActor, commandLineMark, type Principal } from './principal.ts'

type EmailDeps = Pick<Deps, 'db' | 'transact' | 'clock'>

/** A mail is tried about a hundred times within its 24 hours; jobs that operators retry add some. */
const maxAttempts = 200

/** Mails that repeat one mail and are listed with it. */
const maxResent = 50

/** Lists mails and their delivery, and audits which mails were shown. */
export async function listEmails(
  { reads, transact }: Pick<EmailDeps, 'transact'> & { reads: Reads },
  principal: Principal,
  query: EmailQuery,
) {
  assertPermission(principal, 'email.read')
  const { limit, status, to, template, since, before } = query
  const rows = await reads.read((db) => queries.listEmails(db, query, limit + 1), 'bySession')
  const shown = rows.slice(0, limit)
  await transact(async ({ audit }) =>
    audit({
      action: 'admin.emails_listed',
      targetType: 'emails',
      targetId: 'list',
      after: {
        ...commandLineMark(principal),
        filters: {
          ...(status && { status }),
          ...(template && { template }),
          ...(since && { since }),
          ...(before && { before }),
          isByAddress: to !== undefined,
        },
        emailIds: shown.map(({ id }) => id),
        userIds: recipientsOf(shown),
      },
      ...auditActor(principal),
    }),
  )
  const nextCursor = rows.length > limit ? (shown.at(-1)?.id ?? null) : null
  return { emails: shown.map(toAdminEmail), pagination: cursorPage({ limit, nextCursor }) }
}

/** Reads the delivery of one mail with its attempts, and audits it. @throws DomainError NOT_FOUND */
export function readEmail(
  { transact }: Pick<EmailDeps, 'transact'>,
  principal: Principal,
  emailId: string,
): Promise<EmailDetail> {
  assertPermission(principal, 'email.read')
  return transact(async ({ trx, audit }) => {
    const row = await queries.findEmail(trx, emailId)
    if (!row) throw new DomainError('NOT_FOUND')
    audit({
      action: 'admin.email_read',
      targetType: 'email',
      targetId: emailId,
      after: { ...commandLineMark(principal), userIds: recipientsOf([row]) },
      ...auditActor(principal),
    })
    const users = row.user_id ? await findUserSummaries(trx, [row.user_id]) : undefined
    const suppression = await queries.findSuppression(trx, row.to_address)
    return {
      ...toAdminEmail(row),
      user: users?.get(row.user_id ?? '') ?? null,
      attemptLog: toAttempts(row, await queries.listAttempts(trx, emailId, maxAttempts)),
      suppression: suppression ? toSuppression(suppression) : null,
      resentAs: (await queries.listResentAs(trx, emailId, maxResent)).map(toResent),
    }
  })
}

/** Lists every attempt that was counted, also those of which nothing is recorded. */
function toAttempts({ attempts, status }: queries.EmailRow, rows: readonly queries.AttemptRow[]): EmailAttempt[] {
  const rowByNumber = new Map(rows.map((row) => [row.attempt, row]))
  const last = Math.max(attempts, rows.at(-1)?.attempt ?? 0)
  const first = Math.max(1, last - maxAttempts + 1)
  return Array.from({ length: last - first + 1 }, (_, index): EmailAttempt => {
    const number = first + index
    const row = rowByNumber.get(number)
    if (!row) {
      const outcome = number === attempts && status === 'sending' ? 'running' : 'unknown'
      const nothing = { verdict: null, smtpAnswer: null, reason: null }
      return { number, outcome, ...nothing, startedAt: null, endedAt: null, nextAttemptAt: null }
    }
    return {
      number,
      outcome: row.outcome as EmailAttempt['outcome'],
      verdict: row.verdict as EmailAttempt['verdict'],
      smtpAnswer: row.smtp_answer,
      reason: row.reason,
      startedAt: row.started_at.toISOString(),
      endedAt: row.ended_at.toISOString(),
      nextAttemptAt: row.next_attempt_at?.toISOString() ?? null,
    }
  })
}

/** Returns the users whose mails these are, by whom their access log finds the event. */
const recipientsOf = (rows: readonly queries.EmailRow[]) => [...new Set(rows.flatMap(({ user_id }) => user_id ?? []))]

/**
 * Sends the content of a mail again as a new mail; the first one keeps its status. Of several requests at once, one sends it.
 * @returns the new mail
 * @throws DomainError NOT_FOUND, CONFLICT for a mail with a code or token, that is still queued or has expired, or whose
 *   address is suppressed
 */
export function resendEmail(
  { transact, clock }: EmailDeps,
  principal: Principal,
  emailId: string,
  { note }: { note?: string | undefined } = {},
): Promise<AdminEmail> {
  return transact(async (tx) => {
    assertPermission(principal, 'email.resend')
    const mail = await queries.lockEmail(tx.trx, emailId)
    if (!mail) throw new DomainError('NOT_FOUND')
    const { template, data } = resendableContent(mail)
    const suppression = await queries.findSuppression(tx.trx, mail.to_address)
    if (suppression) throw refused(`This address is suppressed (${suppression.reason}). Lift the suppression first.`)
    if (mail.expires_at && mail.expires_at <= clock.now()) throw refused('This mail has expired.')
    if (await queries.isQueuedAgain(tx.trx, mail))
      throw new DomainError('CONFLICT', {
        message: 'This mail is queued already.',
        details: [detailOf('params.id', 'DONE_ALREADY', { what: 'queued' })],
      })
    const id = await insertMail(tx, {
      template,
      to: mail.to_address,
      data,
      resentFrom: emailId,
      ...(mail.user_id && { userId: mail.user_id }),
      ...(mail.expires_at && { expiresAt: mail.expires_at }),
    })
    tx.audit({
      action: 'email.resent',
      targetType: 'email',
      targetId: emailId,
      before: { template, status: mail.status },
      after: { ...commandLineMark(principal), resentAs: id, ...(note && { note }) },
      ...auditActor(principal),
    })
    return toAdminEmail((await queries.findEmail(tx.trx, id)) as queries.EmailRow)
  })
}

/** Returns template and data of a mail that others than its recipient may resend. @throws DomainError CONFLICT */
function resendableContent({ template, data }: queries.EmailRow): {
  template: TemplateName
  data: TemplateData<TemplateName>
} {
  if (!isTemplateName(template)) throw refused('This release does not know the template of this mail.')
  if (hasSecret(template))
    throw refused('This mail holds a code or a link. Only its recipient can request another one.')
  const read = templates[template].data.safeParse(data)
  if (!read.success) throw refused('The content of this mail is not stored any more.')
  return { template, data: data as TemplateData<TemplateName> }
}

const hasSecret = (name: string) => isTemplateName(name) && ('code' in templates[name] || 'token' in templates[name])

const refused = (message: string) => new DomainError('CONFLICT', { message })

/** Converts a row to the delivery of the mail, without its content. */
export const toAdminEmail = (row: queries.EmailRow): AdminEmail => ({
  id: row.id,
  template: row.template,
  to: displayEmailAddress(row.to_address),
  userId: row.user_id,
  status: row.status as AdminEmail['status'],
  attempts: row.attempts,
  error: row.error,
  smtpId: row.smtp_id,
  createdAt: row.created_at.toISOString(),
  sentAt: row.sent_at?.toISOString() ?? null,
  nextAttemptAt: row.next_attempt_at?.toISOString() ?? null,
  expiresAt: row.expires_at?.toISOString() ?? null,
  requestId: row.request_id,
  resentFrom: row.resent_from,
  canResend: isTemplateName(row.template) && !hasSecret(row.template),
})

const toResent = ({ id, status, created_at }: queries.EmailRow) => ({
  id,
  status: status as AdminEmail['status'],
  createdAt: created_at.toISOString(),
})
