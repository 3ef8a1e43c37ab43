import type { Db, Trx } from '@muster/db'
import { optimizeImage } from '@muster/jobs'
import { sql } from 'kysely'

export type Processing = { id: string; status: string; storage_key: string }

/** Undefined when it was deleted. */
export function findAttachment(db: Db, id: string): Promise<Processing | undefined> {
  return db.selectFrom('attachments').select(['id', 'status', 'storage_key']).where('id', '=', id).executeTakeFirst()
}

export type Ready = {
  contentType: string
  widthPx: number
  heightPx: number
  sizeBytes: number
  storageKey: string
  thumbnailKey: string
}

/** @returns false when it was deleted or finished meanwhile */
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

/** Its bytes go, so they count no longer. @returns false when it was deleted or finished meanwhile */
export async function setFailed(trx: Trx, id: string, reason: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('attachments')
    .set({ status: 'failed', failure_reason: reason, size_bytes: 0, updated_at: now })
    .where('id', '=', id)
    .where('status', '=', 'processing')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** In processing since before `before`, although no job for it is owed any more: its job was given up. */
export function findAbandoned(trx: Trx, before: Date, limit: number): Promise<Processing[]> {
  return trx
    .selectFrom('attachments')
    .select(['id', 'status', 'storage_key'])
    .where('status', '=', 'processing')
    .where('created_at', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('outbox')
            .select('outbox.id')
            .where('queue', '=', optimizeImage.queue)
            .where('name', '=', optimizeImage.name)
            .where('failed_at', 'is', null)
            .where(sql`payload ->> 'attachmentId'`, '=', sql`attachments.id::text`),
        ),
      ),
    )
    .orderBy('id')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
}
