import type { Database, Db, Trx } from '@muster/db'
import type { Selectable } from 'kysely'

export type SuppressionRow = Selectable<Database['email_suppressions']>
export type SuppressionRef = { id: string } | { address: string }

type Page = { address: string | undefined; offset: number; limit: number }

/** Reads a page of suppressions, the newest first, with their total. */
export async function listSuppressions(
  db: Db,
  { address, offset, limit }: Page,
): Promise<{ rows: SuppressionRow[]; total: number }> {
  const matching = db
    .selectFrom('email_suppressions')
    .$if(address !== undefined, (query) => query.where('address', '=', address as string))
  const [rows, counted] = await Promise.all([
    matching.selectAll().orderBy('created_at', 'desc').orderBy('address').offset(offset).limit(limit).execute(),
    matching.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow(),
  ])
  return { rows, total: counted.total }
}

/** Deletes a suppression. @returns the deleted row; undefined when it does not exist, or no longer */
export function deleteSuppression(trx: Trx, ref: SuppressionRef): Promise<SuppressionRow | undefined> {
  const [column, value] = 'id' in ref ? (['id', ref.id] as const) : (['address', ref.address] as const)
  return trx.deleteFrom('email_suppressions').where(column, '=', value).returningAll().executeTakeFirst()
}
