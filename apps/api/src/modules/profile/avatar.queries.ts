import type { Trx } from '@muster/db'
import { sql } from 'kysely'

/** What of a picture the person had before. */
export type Replaced = { avatar_key: string | null; avatar_upload_id: string | null }

/** From now on this upload is to become the picture, and none that came before. @returns undefined when nobody is there */
export async function beginAvatar(trx: Trx, userId: string, uploadId: string): Promise<Replaced | undefined> {
  const { rows } = await sql<Replaced>`
    with previous as (select id, avatar_key, avatar_upload_id from users where id = ${userId} for no key update)
    update users set avatar_upload_id = ${uploadId}, avatar_status = 'processing'
    from previous where users.id = previous.id
    returning previous.avatar_key, previous.avatar_upload_id`.execute(trx)
  return rows[0]
}

/** Takes away the picture and what is to become it. @returns undefined when there is neither */
export async function removeAvatar(trx: Trx, userId: string, now: Date): Promise<Replaced | undefined> {
  const { rows } = await sql<Replaced>`
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
