import type { Trx } from '@muster/db'
import { avatarKeys, groupAvatarKeys } from '@muster/storage'
import { sql } from 'kysely'

/** A stored file that rows refer to. */
export type NamedFile = {
  key: string
  /** Whether something is lost without it: it is shown, or an image is still to be made from it. */
  isNeeded: boolean
}

const pageSize = 5_000
const nilId = '00000000-0000-0000-0000-000000000000'

/** Lists every stored file that the rows of a snapshot refer to, and no leftovers of uploads. */
export async function* listNamedFiles(trx: Trx): AsyncGenerator<NamedFile> {
  yield* pages(trx, listAttachments, ({ storage_key, thumbnail_key, status }) => [
    { key: storage_key, isNeeded: status !== 'failed' },
    ...(thumbnail_key ? [{ key: thumbnail_key, isNeeded: true }] : []),
  ])
  yield* pages(
    trx,
    (own, after) => listAvatars(own, 'users', after),
    (row) => filesOfAvatar(row, avatarKeys),
  )
  yield* pages(
    trx,
    (own, after) => listAvatars(own, 'chats', after),
    (row) => filesOfAvatar(row, groupAvatarKeys),
  )
}

async function* pages<Row extends { id: string }>(
  trx: Trx,
  read: (trx: Trx, after: string) => Promise<Row[]>,
  filesOf: (row: Row) => NamedFile[],
): AsyncGenerator<NamedFile> {
  for (let after: string | undefined = nilId; after; ) {
    const rows: Row[] = await read(trx, after)
    for (const row of rows) yield* filesOf(row)
    after = rows.length === pageSize ? rows.at(-1)?.id : undefined
  }
}

/** Attachments without bytes have no file any more. */
const listAttachments = (trx: Trx, after: string) =>
  trx
    .selectFrom('attachments')
    .select(['id', 'storage_key', 'thumbnail_key', 'status'])
    .where('size_bytes', '>', 0)
    .where('id', '>', after)
    .orderBy('id')
    .limit(pageSize)
    .execute()

type AvatarRow = {
  id: string
  avatar_key: string | null
  avatar_upload_id: string | null
  avatar_status: string | null
}

async function listAvatars(trx: Trx, table: 'users' | 'chats', after: string): Promise<AvatarRow[]> {
  const { rows } = await sql<AvatarRow>`
    select id, avatar_key, avatar_upload_id, avatar_status from ${sql.table(table)}
    where (avatar_key is not null or avatar_upload_id is not null) and id > ${after}
    order by id limit ${pageSize}`.execute(trx)
  return rows
}

function filesOfAvatar(
  row: AvatarRow,
  keysOf: (ownerId: string, uploadId: string) => { original: string },
): NamedFile[] {
  const { id, avatar_key: key, avatar_upload_id: uploadId, avatar_status: status } = row
  return [
    ...(key ? [{ key, isNeeded: true }] : []),
    ...(uploadId ? [{ key: keysOf(id, uploadId).original, isNeeded: status === 'processing' }] : []),
  ]
}

/** Sums up the bytes of all attachments, for the check of free space. */
export async function estimateFileBytes(trx: Trx): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    select coalesce(sum(size_bytes), 0)::float8 as bytes from attachments`.execute(trx)
  return rows[0]?.bytes ?? 0
}
