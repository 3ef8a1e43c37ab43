import type { Trx } from '@muster/db'
import { sql } from 'kysely'

/** The columns of a chat that its writers need. */
export type LockedChat = {
  id: string
  kind: 'direct' | 'group'
  organization_id: string | null
  seq: number
  change: number
  first_seq: number
}

/**
 * Locks chats until the transaction ends, in the order of their ids: who writes to several locks all of them by one call. Rows of
 * users and organizations are locked before, recipients of notifications after. What the caller reads of the chats in later
 * statements is current.
 * @returns the chats that exist, in the order of their ids
 */
export async function lockChats(trx: Trx, ids: readonly string[]): Promise<LockedChat[]> {
  const distinct = [...new Set(ids)]
  if (distinct.length === 0) return []
  const { rows } = await sql<LockedChat>`
    select id, kind, organization_id, seq, change, first_seq from chats
    where id = any(${distinct}::uuid[]) order by id for no key update`.execute(trx)
  return rows
}
