import { createHash } from 'node:crypto'
import type { Db, Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { FastifyRequest } from 'fastify'
import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import { text } from './fields.ts'

/** Identifies a POST with an `Idempotency-Key`. */
export type Idempotency = {
  /** The route as the key row names it, e.g. `tasks`. */
  route: string
  key: string
  /** SHA-256 of the parsed body: spaces and the order of keys make no difference. */
  bodyHash: Buffer
}

/** Schema of the headers of a route with idempotent replay. */
export const idempotencyHeaders = z.object({
  'idempotency-key': text({ min: 1, max: 64 })
    .optional()
    .describe('Any text. A repetition with the same key and body within 24 hours answers with the same resource.'),
})

const keyTtlHours = 24

/** Returns the error for a key whose resource was deleted since: creating another one would be no replay. */
export const replayedResourceDeleted = () =>
  new DomainError('CONFLICT', {
    message: 'The resource of this Idempotency-Key was deleted. Use a new key to create another one.',
  })

/** Returns the request's key with its route and body; undefined without the header. */
export function idempotencyOf(request: FastifyRequest, route: string): Idempotency | undefined {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string') return undefined
  return { route, key, bodyHash: createHash('sha256').update(JSON.stringify(request.body)).digest() }
}

/**
 * Returns the INSERT that claims keys for resources, as part of a larger statement. It returns a row for each key that was free or older
 * than a day. Of two concurrent claims, one waits for the other and returns no row.
 * @param claims SQL: `select` of actor_id, route, key, body_hash, resource_id and created_at
 */
export const claimingInsert = (claims: RawBuilder<unknown>): RawBuilder<{ resource_id: string }> => sql`
  insert into idempotency_keys (actor_id, route, key, body_hash, resource_id, created_at) ${claims}
  on conflict (actor_id, route, key) do update
    set body_hash = excluded.body_hash, resource_id = excluded.resource_id, created_at = excluded.created_at
    where idempotency_keys.created_at <= excluded.created_at - ${sql.lit(`${keyTtlHours} hours`)}::interval
  returning resource_id`

/**
 * Finds the resource that a request with this key created within the last day.
 * @returns its id; undefined when the key is free
 * @throws DomainError IDEMPOTENCY_MISMATCH when that request had another body
 */
export async function findReplayed(
  db: Db | Trx,
  { route, key, bodyHash }: Idempotency,
  { actorId, now }: { actorId: string; now: Date },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('idempotency_keys')
    .select(['resource_id', 'body_hash'])
    .where('actor_id', '=', actorId)
    .where('route', '=', route)
    .where('key', '=', key)
    .where('created_at', '>', new Date(now.getTime() - keyTtlHours * 3_600_000))
    .executeTakeFirst()
  if (row && !row.body_hash.equals(bodyHash)) throw new DomainError('IDEMPOTENCY_MISMATCH')
  return row?.resource_id
}

/**
 * Claims the key inside the transaction that creates the resource.
 * @returns the id of the resource that the same request created before; undefined when the caller must create it
 * @throws DomainError IDEMPOTENCY_MISMATCH
 */
export async function claimOrReplay(
  trx: Trx,
  idempotency: Idempotency | undefined,
  claim: { actorId: string; resourceId: string; now: Date },
): Promise<string | undefined> {
  if (!idempotency) return undefined
  const { route, key, bodyHash } = idempotency
  const { actorId, resourceId, now } = claim
  const { rows } = await claimingInsert(sql`
    select ${actorId}::uuid, ${route}::text, ${key}::text, ${bodyHash}::bytea, ${resourceId}::uuid, ${now}::timestamptz
  `).execute(trx)
  return rows.length > 0 ? undefined : findReplayed(trx, idempotency, claim)
}
