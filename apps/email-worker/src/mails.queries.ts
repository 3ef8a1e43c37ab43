import { randomUUID } from 'node:crypto'
import type { Database, Db, Trx } from '@muster/db'
import { templates } from '@muster/mail'
import { type Insertable, type Kysely, sql, type Updateable } from 'kysely'

/** A mail that this process alone may send until its lease runs out. */
export type ClaimedMail = {
  id: string
  leaseToken: string
  /** By the clock of `performance.now()`: nobody else has the lease before. */
  leaseSureUntilMs: number
  template: string
  to: string
  data: unknown
  attempts: number
  codeVersion: number
  codeKeyId: string | null
  createdAt: Date
  expiresAt: Date | null
  /** Why nothing may go to this address; null when something may. */
  suppression: string | null
}

export type ClaimResult =
  | { kind: 'claimed'; mail: ClaimedMail }
  /** Sent, failed or dropped. */
  | { kind: 'ended' }
  /** Someone else has it, or it is not due. */
  | { kind: 'wait'; forMs: number }
  | { kind: 'missing' }

const templatesWithSecret = Object.entries(templates)
  .filter(([, template]) => 'code' in template || 'token' in template)
  .map(([name]) => name)

/** Whoever holds a lease usually ends long before it does. */
const askAgainMs = 2_000

type ClaimOptions = { now: Date; leaseMs: number; codeKeyId: string }

/**
 * Takes the row under a lease when it is due and nobody holds it. Leases run by the clock of Postgres, which all workers
 * share. The first claim notes the key of the mail's code or token, so that every try carries the same.
 */
export async function claimMail(db: Db, id: string, { now, leaseMs, codeKeyId }: ClaimOptions): Promise<ClaimResult> {
  const leaseToken = randomUUID()
  const leaseSureUntilMs = performance.now() + leaseMs
  const { rows } = await sql<Omit<ClaimedMail, 'leaseToken' | 'leaseSureUntilMs'>>`
    update email_messages m set
      status = 'sending', attempts = attempts + 1,
      lease_token = ${leaseToken}::uuid, lease_until = clock_timestamp() + make_interval(secs => ${leaseMs / 1_000}),
      code_key_id = case when template = any(${templatesWithSecret}::text[]) then coalesce(code_key_id, ${codeKeyId}) end
    where id = ${id}::uuid and (
      (status = 'queued' and (next_attempt_at is null or next_attempt_at <= ${now}))
      or (status = 'sending' and lease_until <= clock_timestamp()))
    returning id, template, to_address as "to", data, attempts, code_version as "codeVersion", code_key_id as "codeKeyId",
      created_at as "createdAt", expires_at as "expiresAt",
      (select reason from email_suppressions s where s.address = m.to_address) as suppression`.execute(db)
  const [mail] = rows
  return mail ? { kind: 'claimed', mail: { ...mail, leaseToken, leaseSureUntilMs } } : whyNotClaimed(db, id, now)
}

async function whyNotClaimed(db: Db, id: string, now: Date): Promise<ClaimResult> {
  const row = await db
    .selectFrom('email_messages')
    .select(['status', 'next_attempt_at'])
    .select(sql<number | null>`extract(epoch from lease_until - clock_timestamp())::float8 * 1000`.as('lease_left_ms'))
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row) return { kind: 'missing' }
  if (row.status === 'sending')
    return { kind: 'wait', forMs: Math.min(askAgainMs, Math.max(0, row.lease_left_ms ?? 0)) }
  if (row.status !== 'queued') return { kind: 'ended' }
  return { kind: 'wait', forMs: Math.max(0, (row.next_attempt_at?.getTime() ?? 0) - now.getTime()) }
}

type Lease = Pick<ClaimedMail, 'id' | 'leaseToken'>

/** @returns false when the lease was lost */
export async function extendLease(db: Db, { id, leaseToken }: Lease, leaseMs: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('email_messages')
    .set({ lease_until: sql<Date>`clock_timestamp() + make_interval(secs => ${leaseMs / 1_000})` })
    .where('id', '=', id)
    .where('lease_token', '=', leaseToken)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

type Outcome = Pick<
  Updateable<Database['email_messages']>,
  'status' | 'error' | 'next_attempt_at' | 'smtp_id' | 'sent_at'
>

/** Gives the lease back and notes how it went. @returns false when the lease was lost, and then nothing is changed */
export async function settleMail(db: Kysely<Database>, { id, leaseToken }: Lease, outcome: Outcome): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('email_messages')
    .set({ ...outcome, lease_token: null, lease_until: null })
    .where('id', '=', id)
    .where('lease_token', '=', leaseToken)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Nothing more goes to this address. The first reason stays. */
export async function suppressAddress(
  trx: Trx,
  suppression: Insertable<Database['email_suppressions']>,
): Promise<void> {
  await trx
    .insertInto('email_suppressions')
    .values(suppression)
    .onConflict((conflict) => conflict.column('address').doNothing())
    .execute()
}
