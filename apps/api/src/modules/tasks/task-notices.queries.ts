import type { Trx } from '@muster/db'
import type { UserRow } from '../accounts/accounts.service.ts'

const columns = [
  'id',
  'name',
  'email',
  'timezone',
  'is_active',
  'deletion_requested_at',
  'anonymised_at',
] as const satisfies (keyof UserRow)[]

/** The columns of the recipient and of the actor from which a notice is written. */
export type NoticeUser = Pick<UserRow, (typeof columns)[number]>

/** Reads these users by their ids; null is skipped. */
export async function readNoticeUsers(trx: Trx, ids: readonly (string | null)[]): Promise<Map<string, NoticeUser>> {
  const wanted = [...new Set(ids)].filter((id) => id !== null)
  const rows = await trx.selectFrom('users').select(columns).where('id', 'in', wanted).execute()
  return new Map(rows.map((row) => [row.id, row]))
}
