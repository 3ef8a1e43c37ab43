import { DomainError } from '@muster/errors'
import { displayEmailAddress } from '@muster/identifiers'
import { insertMail, isTemplateName, type TemplateData, type TemplateName, templates } from '@muster/mail'
import type { Deps } from '../../deps.ts'
import { cursorPage } from '../../http/pagination.ts'
import type { Reads } from '../../http/reads/reads.ts'
import * as queries from './admin-emails.queries.ts'
import type { AdminEmail, EmailQuery } from './admin-emails.schema.ts'
import { assertPermission, auditActor, commandLineMark, type Principal } from './principal.ts'

type EmailDeps = Pick<Deps, 'db' | 'transact' | 'clock'>

/** Lists mails and their delivery, and audits which mails were shown. */
export async function listEmails(
  { reads, transact }: Pick<EmailDeps, 'transact'> & { reads: Reads },
  principal: Principal,
  query: EmailQuery,
) {
  assertPermission(principal, 'email.read')
  const { limit, status, to } = query
  const rows = await reads.read((db) => queries.listEmails(db, query, limit + 1), 'bySession')
  const shown = rows.slice(0, limit)
  await transact(async ({ audit }) =>
    audit({
      action: 'admin.emails_listed',
      targetType: 'emails',
      targetId: 'list',
      after: {
        ...commandLineMark(principal),
        filters: { ...(status && { status }), isByAddress: to !== undefined },
        emailIds: shown.map(({ id }) => id),
        userIds: recipientsOf(shown),
      },
      ...auditActor(principal),
    }),
  )
  const nextCursor = rows.length > limit ? (shown.at(-1)?.id ?? null) : null
  return { emails: shown.map(toAdminEmail), pagination: cursorPage({ limit, nextCursor }) }
}

/** Reads the delivery of one mail and audits it. @throws DomainError NOT_FOUND */
export function readEmail(
  { transact }: Pick<EmailDeps, 'transact'>,
  principal: Principal,
  emailId: string,
): Promise<AdminEmail> {
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
    return toAdminEmail(row)
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
): Promise<AdminEmail> {
  return transact(async (tx) => {
    assertPermission(principal, 'email.resend')
    const mail = await queries.lockEmail(tx.trx, emailId)
    if (!mail) throw new DomainError('NOT_FOUND')
    const { template, data } = resendableContent(mail)
    const suppression = await queries.findSuppression(tx.trx, mail.to_address)
    if (suppression) throw refused(`This address is suppressed (${suppression}). Lift the suppression first.`)
    if (mail.expires_at && mail.expires_at <= clock.now()) throw refused('This mail has expired.')
    if (await queries.isQueuedAgain(tx.trx, mail)) throw refused('This mail is queued already.')
    const id = await insertMail(tx, {
      template,
      to: mail.to_address,
      data,
      ...(mail.user_id && { userId: mail.user_id }),
      ...(mail.expires_at && { expiresAt: mail.expires_at }),
    })
    tx.audit({
      action: 'email.resent',
      targetType: 'email',
      targetId: emailId,
      before: { template, status: mail.status },
      after: { ...commandLineMark(principal), resentAs: id },
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
  canResend: isTemplateName(row.template) && !hasSecret(row.template),
})
