import { randomUUID } from 'node:crypto'
import type { Database, Db, Trx } from '@muster/db'
import { templates } from '@muster/mail'
import { type NotificationType, wantsChannelSql } from '@muster/policy'
import { type Insertable, type Kysely, sql, type Updateable } from 'kysely'

/** A mail that this process alone may send until its lease runs out. */
export type ClaimedMail = {
  id: string
  leaseToken: string
  /** By the clock of `performance.now()`: nobody else has the lease before. */
  leaseSureUntilMs: number
  template: string
  to: string
  userId: string | null
  data: unknown
  attempts: number
  codeVersion: number
  codeKeyId: string | null
  createdAt: Date
  expiresAt: Date | null
  /** Why nothing may go to this address; null when something may. */
  suppression: string | null
  /** When it was last refused without a word on whose fault that is; null when it was not. */
  refusedAt: Date | null
  /** What the last try came to; null before there was one. */
  lastError: string | null
  /** Why it need not go out any more: the notification that says the same is obsolete. Null when it should go. */
  obsolete: string | null
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

/** The types that speak of a task which is still to be done. */
const openTaskTypes: NotificationType[] = ['reminder', 'upcoming', 'overdue']

/** Asked only of a mail that belongs to a notification, by its primary keys. Expects the mail as `m`. */
const whyObsolete = sql`
  select case
    when n.id is null then 'the notification was deleted'
    when n.is_read then 'the notification was read'
    when n.type = any(${openTaskTypes}::text[]) and t.status = 'completed' then 'the task is completed'
    when n.type = any(${openTaskTypes}::text[]) and t.id is null and m.data ? 'taskId' then 'the task was deleted'
    when not ${wantsChannelSql('email', { settings: sql`p.settings`, type: sql`n.type` })}
      then 'the person wants no such mails any more'
  end
  from (values (m.notification_id)) as mail (notification_id)
  left join notifications n on n.id = mail.notification_id
  left join tasks t on t.id = n.task_id
  left join user_preferences p on p.user_id = n.user_id`

type ClaimOptions = { now: Date; leaseMs: number; codeKeyId: string }

/**
 * Takes those of the rows under a lease that are due and that nobody holds. Leases run by the clock of Postgres, which all
 * workers share. The first claim notes the key of a mail's code or token, so that every try carries the same.
 * @returns in the order of `ids`; one that stands there twice is claimed once
 */
export async function claimMails(db: Db, ids: string[], options: ClaimOptions): Promise<ClaimResult[]> {
  const { now, leaseMs, codeKeyId } = options
  const leaseToken = randomUUID()
  const leaseSureUntilMs = performance.now() + leaseMs
  // A row that is locked is in somebody's hands; waiting for it would make all the others wait too.
  const { rows } = await sql<Omit<ClaimedMail, 'leaseToken' | 'leaseSureUntilMs'>>`
    with due as materialized (
      select id from email_messages
      where id = any(${ids}::uuid[]) and (
        (status = 'queued' and (next_attempt_at is null or next_attempt_at <= ${now}))
        or (status = 'sending' and lease_until <= clock_timestamp()))
      for update skip locked
    )
    update email_messages m set
      status = 'sending', attempts = attempts + 1,
      lease_token = ${leaseToken}::uuid, lease_until = clock_timestamp() + make_interval(secs => ${leaseMs / 1_000}),
      code_key_id = case when template = any(${templatesWithSecret}::text[]) then coalesce(code_key_id, ${codeKeyId}) end
    from due where m.id = due.id
    returning m.id, template, to_address as "to", user_id as "userId", data, attempts, code_version as "codeVersion",
      code_key_id as "codeKeyId", created_at as "createdAt", expires_at as "expiresAt",
      refused_at as "refusedAt", error as "lastError",
      (select reason from email_suppressions s where s.address = m.to_address) as suppression,
      case when m.notification_id is not null then (${whyObsolete}) end as obsolete`.execute(db)
  const claimed = new Map(rows.map((row) => [row.id, { ...row, leaseToken, leaseSureUntilMs }]))
  const results = ids.map((id): ClaimResult | undefined => {
    const mail = claimed.get(id)
    claimed.delete(id)
    return mail && { kind: 'claimed', mail }
  })
  if (!results.includes(undefined)) return results as ClaimResult[]
  const reasons = await whyNotClaimed(db, ids, now)
  return results.map((result, index) => result ?? reasons.get(ids[index] as string) ?? { kind: 'missing' })
}

async function whyNotClaimed(db: Db, ids: string[], now: Date): Promise<Map<string, ClaimResult>> {
  const rows = await db
    .selectFrom('email_messages')
    .select(['id', 'status', 'next_attempt_at'])
    .select(sql<number | null>`extract(epoch from lease_until - clock_timestamp())::float8 * 1000`.as('lease_left_ms'))
    .where('id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute()
  const reasonOf = ({ status, next_attempt_at, lease_left_ms }: (typeof rows)[number]): ClaimResult => {
    if (status === 'sending') return { kind: 'wait', forMs: Math.min(askAgainMs, Math.max(0, lease_left_ms ?? 0)) }
    if (status !== 'queued') return { kind: 'ended' }
    return { kind: 'wait', forMs: Math.max(0, (next_attempt_at?.getTime() ?? 0) - now.getTime()) }
  }
  return new Map(rows.map((row) => [row.id, reasonOf(row)]))
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

type Outcome = Pick<Updateable<Database['email_messages']>, 'status' | 'error' | 'next_attempt_at'> & {
  /** The server refused it without saying whose fault it is. */
  isRefused?: boolean
}

/** Gives the lease back and notes how it went. @returns false when the lease was lost, and then nothing is changed */
export async function settleMail(
  db: Kysely<Database>,
  { id, leaseToken }: Lease,
  { isRefused = false, ...outcome }: Outcome,
): Promise<boolean> {
  const refused_at = isRefused ? sql<Date>`clock_timestamp()` : null
  const { numUpdatedRows } = await db
    .updateTable('email_messages')
    .set({ ...outcome, refused_at, lease_token: null, lease_until: null })
    .where('id', '=', id)
    .where('lease_token', '=', leaseToken)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** A mail that was handed over, and the job that did it. */
export type SentMail = Lease & { jobId: string; smtpId: string }

/**
 * Notes what went out and deletes the jobs' outbox rows, each mail with its own job or neither of the two.
 * @returns in the order of `mails`, whether the lease still held; if not, nothing of that mail is changed
 */
export async function noteSentMails(db: Db, mails: SentMail[], now: Date): Promise<boolean[]> {
  const ids = mails.map(({ id }) => id)
  // `any` keeps a plan that was made while the table was empty from reading all of it later.
  const { rows } = await sql<{ id: string }>`
    with sent as (
      select * from unnest(
        ${mails.map(({ jobId }) => jobId)}::uuid[], ${ids}::uuid[],
        ${mails.map(({ leaseToken }) => leaseToken)}::uuid[], ${mails.map(({ smtpId }) => smtpId)}::text[]
      ) as sent (job_id, id, lease_token, smtp_id)
    ), settled as (
      update email_messages m set
        status = 'sent', error = null, next_attempt_at = null, lease_token = null, lease_until = null,
        smtp_id = sent.smtp_id, sent_at = ${now}
      from sent where m.id = any(${ids}::uuid[]) and m.id = sent.id and m.lease_token = sent.lease_token
      returning m.id, sent.job_id
    ), acknowledged as (delete from outbox using settled where outbox.id = settled.job_id)
    select id from settled`.execute(db)
  const settled = new Set(rows.map(({ id }) => id))
  return mails.map(({ id }) => settled.has(id))
}

/**
 * Whether a mail to somebody else, written after this one was last refused, was taken: then the server works, and the
 * refusal is about this mail. The creation time has an index.
 */
export async function hasOtherMailPassed(db: Db, { to, refusedAt }: Pick<ClaimedMail, 'to' | 'refusedAt'>) {
  if (refusedAt === null) return false
  const row = await db
    .selectFrom('email_messages')
    .select('id')
    .where('created_at', '>', refusedAt)
    .where('status', '=', 'sent')
    .where('to_address', '<>', to)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Nothing more goes to this address. The first answer stays. */
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
