import type { Trx } from '@muster/db'
import { optimizeImage, scanFile } from '@muster/jobs/definitions'
import { sql } from 'kysely'
import type { Placed } from './attachment-changes.ts'
import type { Processing } from './attachments.queries.ts'

export type Found = Pick<Placed, 'id' | 'chat_id'>
export type Abandoned = Processing & {
  /** Whether its failed job is still listed. */
  canBeRetried: boolean
}
type Unsent = {
  id: string
  chat_id: string
  uploader_id: string | null
  kind: string
  filename: string
  status: string
  storage_key: string
  thumbnail_key: string | null
}

const jobs = sql`
  select from outbox
  where queue = ${optimizeImage.queue} and name in (${optimizeImage.name}, ${scanFile.name})
    and payload ->> 'attachmentId' = attachments.id::text`

/** Finds attachments that were created before `before` and are in processing without a pending job. */
export async function findAbandoned(trx: Trx, before: Date, limit: number): Promise<Abandoned[]> {
  const { rows } = await sql<Abandoned>`
    select id, status, storage_key, chat_id, exists (${jobs}) as "canBeRetried" from attachments
    where status = 'processing' and created_at < ${before} and not exists (${jobs} and failed_at is null)
    order by id limit ${limit}`.execute(trx)
  return rows
}

const isDiscarded = sql`status = 'failed' and size_bytes > 0 and not exists (${jobs})`

/** Finds failed attachments whose files are kept although an operator has discarded their job. */
export async function findDiscarded(trx: Trx, limit: number): Promise<Found[]> {
  const { rows } = await sql<Found>`
    select id, chat_id from attachments where ${isDiscarded} order by id limit ${limit}`.execute(trx)
  return rows
}

/**
 * Sets the size of discarded attachments to 0, so that they cannot be retried.
 * @returns the attachments, whose files can be deleted
 */
export async function emptyDiscarded(
  trx: Trx,
  ids: readonly string[],
): Promise<(Placed & Pick<Processing, 'storage_key'>)[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<Placed & Pick<Processing, 'storage_key'>>`
    update attachments set size_bytes = 0 where id = any(${ids}::uuid[]) and ${isDiscarded}
    returning id, storage_key, task_id, chat_id, message_id, uploader_id`.execute(trx)
  return rows
}

/** Deletes files of chats that no message has and that were uploaded before `before`. @returns the rows as they were */
export async function deleteUnsent(trx: Trx, before: Date, limit: number): Promise<Unsent[]> {
  // The outer condition keeps a file that a message takes between the two reads.
  const isUnsent = sql`chat_id is not null and message_id is null and created_at < ${before}`
  const { rows } = await sql<Unsent>`
    delete from attachments where id = any(array(
      select id from attachments where ${isUnsent} order by id limit ${limit} for update skip locked
    )) and ${isUnsent}
    returning id, chat_id, uploader_id, kind, filename, status, storage_key, thumbnail_key`.execute(trx)
  return rows
}
