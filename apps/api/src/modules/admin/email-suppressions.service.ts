import { DomainError } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import type { Suppression, SuppressionQuery } from './admin-emails.schema.ts'
import { assertMay, type Doer, noted, signedBy } from './doer.ts'
import * as queries from './email-suppressions.queries.ts'

/** A page of the addresses to which nothing is sent. Whose address was shown is noted. */
export async function listSuppressions(
  { db, transact }: Pick<Deps, 'db' | 'transact'>,
  doer: Doer,
  { address, page, limit }: SuppressionQuery,
) {
  assertMay(doer, 'email.read')
  const { rows, total } = await queries.listSuppressions(db, { address, offset: (page - 1) * limit, limit })
  await transact(async ({ audit }) =>
    audit({
      action: 'admin.email_suppressions_listed',
      targetType: 'email_suppressions',
      targetId: 'list',
      after: {
        ...noted(doer),
        filters: { isByAddress: address !== undefined },
        suppressionIds: rows.map(({ id }) => id),
      },
      ...signedBy(doer),
    }),
  )
  const pagination = { page, limit, total, totalPages: Math.ceil(total / limit), nextCursor: null }
  return { suppressions: rows.map(toSuppression), pagination }
}

/**
 * Has mail go to an address again. Mails that failed meanwhile stay failed.
 * @throws DomainError NOT_FOUND
 */
export function liftSuppression(
  { transact }: Pick<Deps, 'transact'>,
  doer: Doer,
  ref: queries.SuppressionRef,
): Promise<Suppression> {
  assertMay(doer, 'email.unsuppress')
  return transact(async ({ trx, audit }) => {
    const lifted = await queries.deleteSuppression(trx, ref)
    if (!lifted) throw new DomainError('NOT_FOUND', { message: 'This address is not suppressed.' })
    audit({
      action: 'email.unsuppressed',
      targetType: 'email_suppression',
      targetId: lifted.id,
      before: { emailId: lifted.email_id, suppressedAt: lifted.created_at.toISOString() },
      after: noted(doer),
      ...signedBy(doer),
    })
    return toSuppression(lifted)
  })
}

const toSuppression = (row: queries.SuppressionRow): Suppression => ({
  id: row.id,
  address: row.address,
  reason: row.reason,
  smtpAnswer: row.smtp_answer,
  emailId: row.email_id,
  createdAt: row.created_at.toISOString(),
})
