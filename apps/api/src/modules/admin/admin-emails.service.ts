import { DomainError } from '@muster/errors'
import { insertMail, isTemplateName, type TemplateData, type TemplateName, templates } from '@muster/mail'
import type { Deps } from '../../deps.ts'
import * as queries from './admin-emails.queries.ts'
import type { AdminEmail, EmailQuery } from './admin-emails.schema.ts'
import { assertMay, type Doer, noted, signedBy } from './doer.ts'

type EmailDeps = Pick<Deps, 'db' | 'transact' | 'clock'>

/** Mails and how they went. Whose mail was shown is noted. */
export async function listEmails({ db, transact }: EmailDeps, doer: Doer, query: EmailQuery) {
  assertMay(doer, 'email.read')
  const { limit, status, to } = query
  const rows = await queries.listEmails(db, query, limit + 1)
  const shown = rows.slice(0, limit)
  await transact(async ({ audit }) =>
    audit({
      action: 'admin.emails_listed',
      targetType: 'emails',
      targetId: 'list',
      after: {
        ...noted(doer),
        filters: { ...(status && { status }), isByAddress: to !== undefined },
        emailIds: shown.map(({ id }) => id),
      },
      ...signedBy(doer),
    }),
  )
  const nextCursor = rows.length > limit ? (shown.at(-1)?.id ?? null) : null
  return { emails: shown.map(toAdminEmail), pagination: { limit, nextCursor } }
}

/** How one mail went. That it was shown is noted. @throws DomainError NOT_FOUND */
export function readEmail({ transact }: Pick<EmailDeps, 'transact'>, doer: Doer, emailId: string): Promise<AdminEmail> {
  assertMay(doer, 'email.read')
  return transact(async ({ trx, audit }) => {
    const row = await queries.findEmail(trx, emailId)
    if (!row) throw new DomainError('NOT_FOUND')
    audit({
      action: 'admin.email_read',
      targetType: 'email',
      targetId: emailId,
      after: noted(doer),
      ...signedBy(doer),
    })
    return toAdminEmail(row)
  })
}

/**
 * Sends what a mail says once more, as a mail of its own: the first one keeps telling how it went. Of many who ask at the
 * same time one has it sent.
 * @returns the new mail
 * @throws DomainError NOT_FOUND, CONFLICT for one that carries a code or token, that still waits, that has expired, or
 * whose address takes no mail
 */
export function resendEmail({ transact, clock }: EmailDeps, doer: Doer, emailId: string): Promise<AdminEmail> {
  return transact(async (tx) => {
    assertMay(doer, 'email.resend')
    const mail = await queries.lockEmail(tx.trx, emailId)
    if (!mail) throw new DomainError('NOT_FOUND')
    const { template, data } = readable(mail)
    const suppression = await queries.findSuppression(tx.trx, mail.to_address)
    if (suppression) throw refused(`This address takes no mail (${suppression}). Lift the suppression first.`)
    if (mail.expires_at && mail.expires_at <= clock.now()) throw refused('This mail has expired.')
    if (await queries.isOnItsWay(tx.trx, mail)) throw refused('This mail is on its way already.')
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
      after: { ...noted(doer), resentAs: id },
      ...signedBy(doer),
    })
    return toAdminEmail((await queries.findEmail(tx.trx, id)) as queries.EmailRow)
  })
}

/** What the mail says, if it is anything that others than its receiver may have sent. @throws DomainError CONFLICT */
function readable({ template, data }: queries.EmailRow): { template: TemplateName; data: TemplateData<TemplateName> } {
  if (!isTemplateName(template)) throw refused('This release does not know that mail.')
  if (hasSecret(template)) throw refused('This mail carries a code or a link that only its receiver may ask for again.')
  const read = templates[template].data.safeParse(data)
  if (!read.success) throw refused('Nothing is left of what this mail said.')
  return { template, data: data as TemplateData<TemplateName> }
}

const hasSecret = (name: string) => isTemplateName(name) && ('code' in templates[name] || 'token' in templates[name])

const refused = (message: string) => new DomainError('CONFLICT', { message })

const toAdminEmail = (row: queries.EmailRow): AdminEmail => ({
  id: row.id,
  template: row.template,
  to: row.to_address,
  userId: row.user_id,
  status: row.status as AdminEmail['status'],
  attempts: row.attempts,
  error: row.error,
  smtpId: row.smtp_id,
  createdAt: row.created_at.toISOString(),
  sentAt: row.sent_at?.toISOString() ?? null,
  nextAttemptAt: row.next_attempt_at?.toISOString() ?? null,
  expiresAt: row.expires_at?.toISOString() ?? null,
  canResend: isTemplateName(row.template) && !hasSecret(row.template),
})
