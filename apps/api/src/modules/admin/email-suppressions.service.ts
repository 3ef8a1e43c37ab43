import { DomainError } from '@muster/errors'
import { displayEmailAddress } from '@muster/identifiers'
import type { Deps } from '../../deps.ts'
import { numberedPage } from '../../http/pagination.ts'
import type { Suppression, SuppressionQuery } from './admin-emails.schema.ts'
import * as queries from './email-suppressions.queries.ts'
import { assertPermission, auditActor, commandLineMark, type Principal } from './principal.ts'

/** Lists a page of suppressed addresses, and audits which were shown. */
export async function listSuppressions(
  { db, transact }: Pick<Deps, 'db' | 'transact'>,
  principal: Principal,
  { address, page, limit }: SuppressionQuery,
) {
  assertPermission(principal, 'email.read')
  const { rows, total } = await queries.listSuppressions(db, { address, offset: (page - 1) * limit, limit })
  await transact(async ({ audit }) =>
    audit({
      action: 'admin.email_suppressions_listed',
      targetType: 'email_suppressions',
      targetId: 'list',
      after: {
        ...commandLineMark(principal),
        filters: { isByAddress: address !== undefined },
        suppressionIds: rows.map(({ id }) => id),
      },
      ...auditActor(principal),
    }),
  )
  const pagination = numberedPage({ page, limit, total })
  return { suppressions: rows.map(toSuppression), pagination }
}

/**
 * Lifts a suppression, so that mail is sent to the address again. Mails that failed meanwhile stay failed.
 * @throws DomainError NOT_FOUND
 */
export function liftSuppression(
  { transact }: Pick<Deps, 'transact'>,
  principal: Principal,
  ref: queries.SuppressionRef,
  { note }: { note?: string | undefined } = {},
): Promise<Suppression> {
  assertPermission(principal, 'email.unsuppress')
  return transact(async ({ trx, audit }) => {
    const lifted = await queries.deleteSuppression(trx, ref)
    if (!lifted) throw new DomainError('NOT_FOUND', { message: 'This address is not suppressed.' })
    audit({
      action: 'email.unsuppressed',
      targetType: 'email_suppression',
      targetId: lifted.id,
      before: { emailId: lifted.email_id, suppressedAt: lifted.created_at.toISOString() },
      after: { ...commandLineMark(principal), ...(note && { note }) },
      ...auditActor(principal),
    })
    return toSuppression(lifted)
  })
}

/** Converts a row to the suppression of an address. */
export const toSuppression = (row: queries.SuppressionRow): Suppression => ({
  id: row.id,
  address: displayEmailAddress(row.address),
  reason: row.reason,
  smtpAnswer: row.smtp_answer,
  emailId: row.email_id,
  createdAt: row.created_at.toISOString(),
})
