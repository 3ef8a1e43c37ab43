import type { Db, Trx } from '@muster/db'
import { optimizeImage } from '@muster/jobs/definitions'
import { sql } from 'kysely'

export type Processing = { id: string; status: string; storage_key: string }

/** Finds an attachment; undefined when it was deleted. */
export function findAttachment(db: Db, id: string): Promise<Processing | undefined> {
  return db.selectFrom('attachments').select(['id', 'status', 'storage_key']).where('id', '=', id).executeTakeFirst()
}

/** Finds attachments with the keys of their files, in no order; deleted ones are missing. */
export function findFiles(db: Db, ids: readonly string[]) {
  return db
    .selectFrom('attachments')
    .select(['id', 'status', 'storage_key', 'thumbnail_key'])
    .where('id', 'in', ids)
    .execute()
}

export type Ready = {
  contentType: string
  widthPx: number
  heightPx: number
  sizeBytes: number
  storageKey: string
  thumbnailKey: string
}

/** Marks an attachment as ready. @returns false when it was deleted or is no longer in processing */
export async function setReady(trx: Trx, id: string, ready: Ready, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('attachments')
    .set({
      status: 'ready',
      content_type: ready.contentType,
      width_px: ready.widthPx,
      height_px: ready.heightPx,
      size_bytes: ready.sizeBytes,
      optimized_size_bytes: ready.sizeBytes,
      storage_key: ready.storageKey,
      thumbnail_key: ready.thumbnailKey,
      updated_at: now,
    })
    .where('id', '=', id)
    .where('status', '=', 'processing')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/**
 * Marks an attachment as failed. Its size becomes 0 unless its files are kept: a failed attachment with a size can be retried.
 * @returns false when it was deleted or is no longer in processing
 */
export async function setFailed(
  trx: Trx,
  id: string,
  { reason, areFilesKept }: { reason: string; areFilesKept: boolean },
  now: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('attachments')
    .set({ status: 'failed', failure_reason: reason, ...(!areFilesKept && { size_bytes: 0 }), updated_at: now })
    .where('id', '=', id)
    .where('status', '=', 'processing')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Puts a failed attachment back into processing when its job is retried. @returns false when its files were deleted */
export async function reopen(db: Db, id: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('attachments')
    .set({ status: 'processing', failure_reason: null })
    .where('id', '=', id)
    .where('status', '=', 'failed')
    .where('size_bytes', '>', 0)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

const jobsOf = (attachments: string) => sql`
  select from outbox
  where queue = ${optimizeImage.queue} and name = ${optimizeImage.name}
    and payload ->> 'attachmentId' = ${sql.ref(`${attachments}.id`)}::text`

export type Abandoned = Processing & {
  /** Whether its failed job is still listed. */
  canBeRetried: boolean
}

/** Locks attachments that were created before `before` and are in processing without a pending job. */
export async function findAbandoned(trx: Trx, before: Date, limit: number): Promise<Abandoned[]> {
  const { rows } = await sql<Abandoned>`
    select id, status, storage_key, exists (${jobsOf('attachments')}) as "canBeRetried" from attachments
    where status = 'processing' and created_at < ${before}
      and not exists (${jobsOf('attachments')} and failed_at is null)
    order by id limit ${limit} for update skip locked`.execute(trx)
  return rows
}

/**
 * Sets the size of failed attachments to 0 when an operator has discarded their job, so that they cannot be retried.
 * @returns the attachments, whose files can be deleted
 */
export async function emptyDiscarded(trx: Trx, limit: number): Promise<Pick<Processing, 'id' | 'storage_key'>[]> {
  const { rows } = await sql<Pick<Processing, 'id' | 'storage_key'>>`
    with discarded as (
      select id from attachments
      where status = 'failed' and kind = 'image' and size_bytes > 0 and not exists (${jobsOf('attachments')})
      order by id limit ${limit} for update skip locked
    )
    update attachments set size_bytes = 0 from discarded where attachments.id = discarded.id
    returning attachments.id, storage_key`.execute(trx)
  return rows
}
