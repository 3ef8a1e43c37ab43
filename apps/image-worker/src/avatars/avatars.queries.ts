import type { Db, Trx } from '@muster/db'
import { optimizeAvatar } from '@muster/jobs/definitions'
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

/**
 * The person keeps the picture they had. An upload whose bytes are kept may still become the picture.
 * @returns `failed` when that is new; undefined when this upload is no longer wanted
 */
export async function setAvatarFailed(
  trx: Trx,
  { userId, uploadId }: AvatarUpload,
  { areBytesKept }: { areBytesKept: boolean },
): Promise<'failed' | 'failed before' | undefined> {
  const { rows } = await sql<{ before: string | null }>`
    with previous as (
      select id, avatar_status from users where id = ${userId} and avatar_upload_id = ${uploadId} for no key update
    )
    update users
    set avatar_status = 'failed', avatar_upload_id = ${areBytesKept ? sql`avatar_upload_id` : sql`null`}
    from previous where users.id = previous.id
    returning previous.avatar_status as before`.execute(trx)
  if (!rows[0]) return undefined
  return rows[0].before === 'failed' ? 'failed before' : 'failed'
}

const jobsOfUpload = sql`
  select from outbox
  where queue = ${optimizeAvatar.queue} and name = ${optimizeAvatar.name}
    and payload ->> 'uploadId' = users.avatar_upload_id::text`

/**
 * Uploads in processing for which no job is pending any more, and failed ones whose job was discarded. Row and job are
 * written in one transaction.
 */
export async function findAbandoned(trx: Trx, limit: number): Promise<(AvatarUpload & { canBeRetried: boolean })[]> {
  const { rows } = await sql<AvatarUpload & { canBeRetried: boolean }>`
    select id as "userId", avatar_upload_id as "uploadId", exists (${jobsOfUpload}) as "canBeRetried" from users
    where avatar_upload_id is not null and not exists (
      ${jobsOfUpload} and (failed_at is null or users.avatar_status = 'failed')
    )
    order by id limit ${limit} for no key update skip locked`.execute(trx)
  return rows
}

/** Of these people, the files that they have or are about to have. */
export function findAvatars(db: Db, userIds: string[]) {
  return db.selectFrom('users').select(['id', 'avatar_key', 'avatar_upload_id']).where('id', 'in', userIds).execute()
}
