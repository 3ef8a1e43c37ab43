import type { Db, Trx } from '@muster/db'
import type { TaskPlace } from '@muster/signals'
import type { Placed } from './attachment-changes.ts'

export type Processing = Pick<Placed, 'id' | 'chat_id'> & { status: string; storage_key: string }

const placeColumns = ['id', 'task_id', 'chat_id', 'message_id', 'uploader_id'] as const

/** Finds an attachment; undefined when it was deleted. */
export function findAttachment(db: Db, id: string): Promise<Processing | undefined> {
  return db
    .selectFrom('attachments')
    .select(['id', 'status', 'storage_key', 'chat_id'])
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Reads who may see these tasks, by the ids of the tasks. */
export async function findTaskPlaces(trx: Trx, taskIds: readonly string[]): Promise<Map<string, TaskPlace>> {
  if (taskIds.length === 0) return new Map()
  const rows = await trx
    .selectFrom('tasks')
    .select(['id', 'owner_id as ownerId', 'assignee_id as assigneeId', 'organization_id as organizationId'])
    .where('id', 'in', taskIds)
    .execute()
  return new Map(rows.map(({ id, ...place }) => [id, place]))
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

/** Marks an attachment as ready. @returns undefined when it was deleted or is no longer in processing */
export function setReady(trx: Trx, id: string, ready: Ready, now: Date): Promise<Placed | undefined> {
  return trx
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
    .returning(placeColumns)
    .executeTakeFirst()
}

/** Marks a scanned document as ready. @returns undefined when it was deleted or is no longer in processing */
export function setScanned(trx: Trx, id: string, now: Date): Promise<Placed | undefined> {
  return trx
    .updateTable('attachments')
    .set({ status: 'ready', updated_at: now })
    .where('id', '=', id)
    .where('status', '=', 'processing')
    .returning(placeColumns)
    .executeTakeFirst()
}

/**
 * Marks an attachment as failed. Its size becomes 0 unless its files are kept: a failed attachment with a size can be retried.
 * @returns undefined when it was deleted or is no longer in processing
 */
export function setFailed(
  trx: Trx,
  id: string,
  { reason, areFilesKept }: { reason: string; areFilesKept: boolean },
  now: Date,
): Promise<Placed | undefined> {
  return trx
    .updateTable('attachments')
    .set({ status: 'failed', failure_reason: reason, ...(!areFilesKept && { size_bytes: 0 }), updated_at: now })
    .where('id', '=', id)
    .where('status', '=', 'processing')
    .returning(placeColumns)
    .executeTakeFirst()
}

/** Puts a failed attachment back into processing when its job is retried. @returns undefined when its files were deleted */
export function setProcessing(trx: Trx, id: string): Promise<Placed | undefined> {
  return trx
    .updateTable('attachments')
    .set({ status: 'processing', failure_reason: null })
    .where('id', '=', id)
    .where('status', '=', 'failed')
    .where('size_bytes', '>', 0)
    .returning(placeColumns)
    .executeTakeFirst()
}
