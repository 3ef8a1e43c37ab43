import type { Trx } from '@muster/db'
import { sql } from 'kysely'
import { isReachableSql } from './reachability.ts'

/**
 * Locks the rows of users until the transaction ends, in the order of their ids, so that they are neither blocked nor moved to another
 * organization meanwhile.
 */
export async function lockUsers(trx: Trx, ids: readonly string[]): Promise<void> {
  await sql`select from users where id = any(${ids}::uuid[]) order by id for share`.execute(trx)
}

/** Tells whether the user may write to the other one. */
export async function isReachable(trx: Trx, userId: string, otherId: string): Promise<boolean> {
  const { rows } = await sql`
    select from users where id = ${otherId} and id <> ${userId}::uuid and ${isReachableSql(userId)}`.execute(trx)
  return rows.length > 0
}

/** Tells whether the user belongs to the organization. */
export async function isInOrganization(trx: Trx, userId: string, organizationId: string): Promise<boolean> {
  const { rows } = await sql`
    select from users where id = ${userId} and organization_id = ${organizationId}`.execute(trx)
  return rows.length > 0
}

export async function findDirectChat(trx: Trx, [low, high]: [string, string]): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from chats where kind = 'direct' and user_low_id = ${low} and user_high_id = ${high}`.execute(trx)
  return rows[0]?.id
}

export type ChatToInsert = { id: string; createdBy: string; now: Date } & (
  | { kind: 'direct'; pair: [string, string] }
  | { kind: 'group'; name: string; organizationId: string | null }
)

/** Inserts a chat without members. @returns false when the pair has a chat already, also one of a transaction that committed meanwhile */
export async function insertChat(trx: Trx, chat: ChatToInsert): Promise<boolean> {
  const { id, kind, createdBy, now } = chat
  const [low, high] = kind === 'direct' ? chat.pair : [null, null]
  const { name, organizationId } = kind === 'group' ? chat : { name: null, organizationId: null }
  const { numAffectedRows } = await sql`
    insert into chats (id, kind, name, organization_id, user_low_id, user_high_id, created_by, created_at, updated_at)
    values (${id}, ${kind}, ${name}, ${organizationId}, ${low}, ${high}, ${createdBy}, ${now}, ${now})
    on conflict (user_low_id, user_high_id) where kind = 'direct' do nothing`.execute(trx)
  return numAffectedRows === 1n
}
