import type { TransactContext } from '@muster/jobs/outbox'
import type { Origin } from '../../http/actor.ts'
import type { UserRow } from './accounts.queries.ts'
import * as queries from './deletion-mark.queries.ts'

/** Takes back the wish to be deleted, which every sign-in does. The caller has locked the row, and drops the cached profile. */
export async function cancelDeletion(
  { trx, audit }: Pick<TransactContext, 'trx' | 'audit'>,
  { id, deletion_requested_at }: Pick<UserRow, 'id' | 'deletion_requested_at'>,
  { origin, now }: { origin: Origin; now: Date },
): Promise<void> {
  if (deletion_requested_at === null) return
  await queries.setDeletionRequested(trx, id, null, now)
  audit({
    action: 'user.deletion_cancelled',
    actorId: id,
    targetType: 'user',
    targetId: id,
    before: { requestedAt: deletion_requested_at.toISOString() },
    context: origin,
  })
}
