import { createHash } from 'node:crypto'
import type { Db, Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { FastifyRequest } from 'fastify'
import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import { text } from './fields.ts'

/** What a POST with an `Idempotency-Key` is recognised by. */
export type Idempotency = {
  /** The route as the key row names it, e.g. `tasks`. */
  route: string
  key: string
  /** SHA-256 of the body as its schema read it: spaces and unknown order make no difference. */
  bodyHash: Buffer
}

/** Headers of a route that takes the key. Loose, because the schema's output replaces the request's headers. */
export const idempotencyHeaders = z.looseObject({ 'idempotency-key': text({ min: 1, max: 64 }).optional() })

const keyTtlMs = 24 * 3_600_000

/** The key stands for something that is gone: to make another under it would be no repetition. */
export const replayedIsGone = () =>
  new DomainError('CONFLICT', {
    message: 'What this Idempotency-Key made has been deleted since. Use a new key to make it again.',
  })

/** The request's key with what it stands for; undefined without the header. */
export function idempotencyOf(request: FastifyRequest, route: string): Idempotency | undefined {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string') return undefined
  return { route, key, bodyHash: createHash('sha256').update(JSON.stringify(request.body)).digest() }
}

/**
 * The INSERT that takes the key for a resource, as part of a statement: it returns a row exactly when the key was free
 * or older than a day. Of two at once one waits for the other: the primary key decides.
 * @param only a further condition without which the key stays free
 */
export function claimingInsert(
  { route, key, bodyHash }: Idempotency,
  claim: { actorId: string; resourceId: string; now: Date },
  only: RawBuilder<unknown> = sql`true`,
): RawBuilder<{ resource_id: string }> {
  const { actorId, resourceId, now } = claim
  return sql`
    insert into idempotency_keys (actor_id, route, key, body_hash, resource_id, created_at)
    select ${actorId}::uuid, ${route}::text, ${key}::text, ${bodyHash}::bytea, ${resourceId}::uuid, ${now}::timestamptz
    where ${only}
    on conflict (actor_id, route, key) do update
      set body_hash = excluded.body_hash, resource_id = excluded.resource_id, created_at = excluded.created_at
      where idempotency_keys.created_at <= ${new Date(now.getTime() - keyTtlMs)}::timestamptz
    returning resource_id`
}

/**
 * The resource that the key made within the last day; undefined when the key is free.
 * @throws DomainError IDEMPOTENCY_MISMATCH when it was another body
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
    .where('created_at', '>', new Date(now.getTime() - keyTtlMs))
    .executeTakeFirst()
  if (row && !row.body_hash.equals(bodyHash)) throw new DomainError('IDEMPOTENCY_MISMATCH')
  return row?.resource_id
}

/**
 * Takes the key inside a transaction that makes the resource.
 * @returns the id of the resource that the same request made before; undefined when this one is to make it
 * @throws DomainError IDEMPOTENCY_MISMATCH
 */
export async function claimOrReplay(
  trx: Trx,
  idempotency: Idempotency | undefined,
  claim: { actorId: string; resourceId: string; now: Date },
): Promise<string | undefined> {
  if (!idempotency) return undefined
  const { rows } = await claimingInsert(idempotency, claim).execute(trx)
  return rows.length > 0 ? undefined : findReplayed(trx, idempotency, claim)
}
