import type { Trx } from '@muster/db'
import { sql } from 'kysely'

/** The avatar and the upload that a change replaced. */
export type ReplacedAvatar = { avatar_key: string | null; avatar_upload_id: string | null }

/**
 * Marks this upload as the one from which the avatar is to be made, in place of an earlier upload.
 * @returns undefined when the user does not exist
 */
export async function beginAvatar(trx: Trx, userId: string, uploadId: string): Promise<ReplacedAvatar | undefined> {
  const { rows } = await sql<ReplacedAvatar>`
    with previous as (select id, avatar_key, avatar_upload_id from users where id = ${userId} for no key update)
    update users set avatar_upload_id = ${uploadId}, avatar_status = 'processing'
    from previous where users.id = previous.id
    returning previous.avatar_key, previous.avatar_upload_id`.execute(trx)
  return rows[0]
}

/** Removes the avatar and an upload that is not processed yet. @returns undefined when there is neither */
export async function removeAvatar(trx: Trx, userId: string, now: Date): Promise<ReplacedAvatar | undefined> {
  const { rows } = await sql<ReplacedAvatar>`
    with previous as (
      select id, avatar_key, avatar_upload_id from users
      where id = ${userId} and (avatar_key is not null or avatar_upload_id is not null) for no key update
    )
    update users
    set avatar_key = null, avatar_upload_id = null, avatar_status = null, version = version + 1, updated_at = ${now}
    from previous where users.id = previous.id
    returning previous.avatar_key, previous.avatar_upload_id`.execute(trx)
  return rows[0]
}
