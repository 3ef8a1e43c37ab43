import type { Db, Trx } from '@muster/db'
import { optimizeAvatar } from '@muster/jobs'
import { sql } from 'kysely'

/** One upload that is to become a person's picture. */
export type AvatarUpload = { userId: string; uploadId: string }

/** Whether this is still the upload that the person wants; a later one, or taking the picture away, ends that. */
export async function isWanted(db: Db, { userId, uploadId }: AvatarUpload): Promise<boolean> {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where('avatar_upload_id', '=', uploadId)
    .executeTakeFirst()
  return row !== undefined
}

/** Gives the person the picture. @returns the key of the one before; undefined when this upload is no longer wanted */
export async function setAvatar(
  trx: Trx,
  { userId, uploadId }: AvatarUpload,
  key: string,
  now: Date,
): Promise<{ previousKey: string | null } | undefined> {
  const { rows } = await sql<{ previousKey: string | null }>`
    with previous as (
      select id, avatar_key from users where id = ${userId} and avatar_upload_id = ${uploadId} for no key update
    )
    update users
    set avatar_key = ${key}, avatar_status = 'ready', avatar_upload_id = null, version = version + 1, updated_at = ${now}
    from previous where users.id = previous.id
    returning previous.avatar_key as "previousKey"`.execute(trx)
  return rows[0]
}

/** The person keeps the picture they had. @returns false when this upload is no longer wanted */
export async function setAvatarFailed(trx: Trx, { userId, uploadId }: AvatarUpload): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('users')
    .set({ avatar_status: 'failed', avatar_upload_id: null })
    .where('id', '=', userId)
    .where('avatar_upload_id', '=', uploadId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Uploads in processing for which no job is owed any more: it was given up. Both are written in one transaction. */
export async function findAbandoned(trx: Trx, limit: number): Promise<AvatarUpload[]> {
  const { rows } = await sql<AvatarUpload>`
    select id as "userId", avatar_upload_id as "uploadId" from users
    where avatar_upload_id is not null and not exists (
      select from outbox
      where queue = ${optimizeAvatar.queue} and name = ${optimizeAvatar.name} and failed_at is null
        and payload ->> 'uploadId' = users.avatar_upload_id::text
    )
    order by id limit ${limit} for no key update skip locked`.execute(trx)
  return rows
}

/** Of these people, the files that they have or are about to have. */
export function findAvatars(db: Db, userIds: string[]) {
  return db.selectFrom('users').select(['id', 'avatar_key', 'avatar_upload_id']).where('id', 'in', userIds).execute()
}
