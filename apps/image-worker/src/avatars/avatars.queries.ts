import type { Db, Trx } from '@muster/db'
import { optimizeAvatar } from '@muster/jobs/definitions'
import { sql } from 'kysely'

/** One upload that is to become a user's avatar. */
export type AvatarUpload = { userId: string; uploadId: string }

/** Whether this upload is still the user's current one. A later upload replaces it, and removing the avatar ends it. */
export async function isCurrent(db: Db, { userId, uploadId }: AvatarUpload): Promise<boolean> {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where('avatar_upload_id', '=', uploadId)
    .executeTakeFirst()
  return row !== undefined
}

/** Sets the user's avatar. @returns the key of the previous avatar; undefined when this upload is no longer current */
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
 * Marks the avatar as failed; the user keeps the previous one. The upload stays current if its files are kept, so that its
 * job can be retried.
 * @returns whether the status changed; undefined when this upload is no longer current
 */
export async function setAvatarFailed(
  trx: Trx,
  { userId, uploadId }: AvatarUpload,
  { areFilesKept }: { areFilesKept: boolean },
): Promise<'failed' | 'failed before' | undefined> {
  const { rows } = await sql<{ before: string | null }>`
    with previous as (
      select id, avatar_status from users where id = ${userId} and avatar_upload_id = ${uploadId} for no key update
    )
    update users
    set avatar_status = 'failed', avatar_upload_id = ${areFilesKept ? sql`avatar_upload_id` : sql`null`}
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
 * Locks the users of uploads that are in processing without a pending job, and of failed uploads whose job an operator has
 * discarded. Needs no minimum age, because an upload and its job are written in one transaction.
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

/** Finds the current avatar and the current upload of each of these users. */
export function findAvatars(db: Db, userIds: readonly string[]) {
  return db.selectFrom('users').select(['id', 'avatar_key', 'avatar_upload_id']).where('id', 'in', userIds).execute()
}
