import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'
import type { AvatarKind, AvatarUpload } from './avatar-kinds.ts'

/** Whether this upload is still the owner's current one. A later upload replaces it, and removing the avatar ends it. */
export async function isCurrent(db: Db, { table }: AvatarKind, { ownerId, uploadId }: AvatarUpload): Promise<boolean> {
  const { rows } = await sql`
    select from ${sql.table(table)} where id = ${ownerId} and avatar_upload_id = ${uploadId}`.execute(db)
  return rows.length > 0
}

/** Sets the owner's avatar. @returns the key of the previous avatar; undefined when this upload is no longer current */
export async function setAvatar(
  trx: Trx,
  { table }: AvatarKind,
  { ownerId, uploadId }: AvatarUpload,
  key: string,
  now: Date,
): Promise<{ previousKey: string | null } | undefined> {
  const { rows } = await sql<{ previousKey: string | null }>`
    with previous as (
      select id, avatar_key from ${sql.table(table)}
      where id = ${ownerId} and avatar_upload_id = ${uploadId} for no key update
    )
    update ${sql.table(table)} owner
    set avatar_key = ${key}, avatar_status = 'ready', avatar_upload_id = null, version = version + 1, updated_at = ${now}
    from previous where owner.id = previous.id
    returning previous.avatar_key as "previousKey"`.execute(trx)
  return rows[0]
}

/**
 * Marks the avatar as failed; the owner keeps the previous one. The upload stays current if its files are kept, so that its
 * job can be retried.
 * @returns the status before, and who uploaded it; undefined when this upload is no longer current
 */
export async function setAvatarFailed(
  trx: Trx,
  { table, uploader }: AvatarKind,
  { ownerId, uploadId }: AvatarUpload,
  { areFilesKept }: { areFilesKept: boolean },
): Promise<{ before: string | null; uploaderId: string | null } | undefined> {
  const { rows } = await sql<{ before: string | null; uploaderId: string | null }>`
    with previous as (
      select id, avatar_status, ${uploader} as uploader_id from ${sql.table(table)}
      where id = ${ownerId} and avatar_upload_id = ${uploadId} for no key update
    )
    update ${sql.table(table)} owner
    set avatar_status = 'failed', avatar_upload_id = ${areFilesKept ? sql`avatar_upload_id` : sql`null`}
    from previous where owner.id = previous.id
    returning previous.avatar_status as before, previous.uploader_id as "uploaderId"`.execute(trx)
  return rows[0]
}

/**
 * Locks the owners of uploads that are in processing without a pending job, and of failed uploads whose job an operator has
 * discarded. Needs no minimum age, because an upload and its job are written in one transaction.
 */
export async function findAbandoned(
  trx: Trx,
  { table, job }: AvatarKind,
  limit: number,
): Promise<(AvatarUpload & { canBeRetried: boolean })[]> {
  const jobs = sql`
    select from outbox
    where queue = ${job.queue} and name = ${job.name} and payload ->> 'uploadId' = owner.avatar_upload_id::text`
  const { rows } = await sql<AvatarUpload & { canBeRetried: boolean }>`
    select id as "ownerId", avatar_upload_id as "uploadId", exists (${jobs}) as "canBeRetried"
    from ${sql.table(table)} owner
    where avatar_upload_id is not null and not exists (
      ${jobs} and (failed_at is null or owner.avatar_status = 'failed')
    )
    order by id limit ${limit} for no key update skip locked`.execute(trx)
  return rows
}

/** Finds the current avatar and the current upload of each of these owners. */
export function findAvatars(db: Db, { table }: AvatarKind, ownerIds: readonly string[]) {
  return db.selectFrom(table).select(['id', 'avatar_key', 'avatar_upload_id']).where('id', 'in', ownerIds).execute()
}
