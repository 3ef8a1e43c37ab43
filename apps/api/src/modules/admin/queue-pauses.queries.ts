import type { Db, Trx } from '@muster/db'

export type QueuePause = { queue: string; pausedAt: Date; note: string; userId: string | null; userName: string | null }

/** Lists the queues that operators have paused, and who did. */
export const listPauses = (db: Db): Promise<QueuePause[]> =>
  db
    .selectFrom('queue_pauses')
    .leftJoin('users', 'users.id', 'queue_pauses.paused_by')
    .select([
      'queue_pauses.queue',
      'queue_pauses.paused_at as pausedAt',
      'queue_pauses.note',
      'users.id as userId',
      'users.name as userName',
    ])
    .execute()

/** Records a pause. @returns false when the queue is paused already */
export async function insertPause(trx: Trx, pause: { queue: string; paused_by: string | null; note: string }) {
  const written = await trx
    .insertInto('queue_pauses')
    .values(pause)
    .onConflict((conflict) => conflict.column('queue').doNothing())
    .returning('queue')
    .executeTakeFirst()
  return written !== undefined
}

/** Deletes a pause. @returns it; undefined when none is recorded */
export const deletePause = (trx: Trx, queue: string) =>
  trx.deleteFrom('queue_pauses').where('queue', '=', queue).returning(['paused_at', 'note']).executeTakeFirst()

/** Keeps a pause from being deleted until the transaction ends. @returns false when it is not recorded any more */
export const lockPause = async (trx: Trx, queue: string): Promise<boolean> =>
  (await trx.selectFrom('queue_pauses').select('queue').where('queue', '=', queue).forShare().executeTakeFirst()) !==
  undefined
