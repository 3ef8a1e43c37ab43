import { randomUUID } from 'node:crypto'
import type { Database, Db, Trx } from '@muster/db'
import { type TemplateDefinition, templates } from '@muster/mail'
import { messageAlertsSql, type NotificationType, taskVisibleToUserSql, wantsChannelSql } from '@muster/policy'
import { type Insertable, type Kysely, sql, type Updateable } from 'kysely'
import type { Attempt, ClaimedMail, ClaimResult, Lease, SentMail } from './claimed-mail.ts'

const namesOf = (matches: (template: TemplateDefinition) => boolean) =>
  Object.entries<TemplateDefinition>(templates).flatMap(([name, template]) => (matches(template) ? [name] : []))
const templatesWithSecret = namesOf(({ code, token }) => code !== undefined || token !== undefined)
const templatesThatWait = namesOf(({ waitsInQuietHours }) => waitsInQuietHours === true)

/** Most leases are released long before they expire, so a waiting job polls again after this time at the latest. */
const recheckAfterMs = 2_000

/** Notification types about an open task; completing or deleting the task makes them obsolete. */
const openTaskTypes: NotificationType[] = ['reminder', 'upcoming', 'overdue']

/** The reason why the notification behind a mail makes it superfluous, or null. Expects the mail's row as `m`; reads by primary keys. */
const obsoleteReason = sql`
  select case
    when n.id is null then 'the notification was deleted'
    when n.is_read then 'the notification was read'
    when n.type = any(${openTaskTypes}::text[]) and t.status = 'completed' then 'the task is completed'
    when n.type = any(${openTaskTypes}::text[]) and t.id is null and m.data ? 'taskId' then 'the task was deleted'
    when not ${wantsChannelSql('email', { settings: sql`p.settings`, type: sql`n.type` })}
      then 'the recipient turned off such mails'
  end
  from (values (m.notification_id)) as mail (notification_id)
  left join notifications n on n.id = mail.notification_id
  left join tasks t on t.id = n.task_id
  left join user_preferences p on p.user_id = n.user_id`

/**
 * The reason why a mail about an assignment must not go out, or null: it tells of a task that is no longer assigned to the recipient.
 * Expects the mail's row as `m`.
 */
const staleAssignment = sql`
  case when m.template = 'task-assignment' and m.data ->> 'kind' in ('assigned', 'due-date', 'no-due-date') and not exists (
    select from tasks join users on users.id = m.user_id
    where tasks.id = (m.data ->> 'taskId')::uuid and tasks.assignee_id = users.id and ${taskVisibleToUserSql}
  ) then 'the task is no longer assigned to the recipient' end`

/**
 * The reason why a mail about unread messages must not go out, or null: none of them alerts the recipient any more. Expects the mail's
 * row as `m`.
 */
const readMessages = (now: Date) => sql`
  case when m.template = 'unread-messages' then (
    select case
      when not ${wantsChannelSql('email', { settings: sql`preferences.settings`, type: sql`'chat'` })}
        then 'the recipient turned off such mails'
      when not exists (
        select from jsonb_to_recordset(m.data -> 'chats') as told ("chatId" uuid, "lastSeq" bigint)
          join chats on chats.id = told."chatId"
          join chat_members on chat_members.chat_id = chats.id and chat_members.user_id = m.user_id
          join messages on messages.chat_id = chats.id and messages.seq > chat_members.read_seq
            and messages.seq <= told."lastSeq"
        where ${messageAlertsSql({ settings: sql`preferences.settings`, now })}
      ) then 'the messages were read, deleted or muted, or the recipient left'
    end
    from (values (m.user_id)) as recipient (id) left join user_preferences preferences on preferences.user_id = recipient.id
  ) end`

type ClaimOptions = { now: Date; leaseMs: number; codeKeyId: string }

/**
 * Claims the mails that are due and that no worker holds, each under a lease. Leases expire by the clock of Postgres, which
 * all workers share. The first claim stores the key id of a mail's code or token, so that each attempt carries the same one.
 * @returns one result per id, in the order of `ids`; an id that occurs twice is claimed once
 */
export async function claimMails(db: Db, ids: readonly string[], options: ClaimOptions): Promise<ClaimResult[]> {
  const { now, leaseMs, codeKeyId } = options
  const leaseToken = randomUUID()
  const leaseSafeUntilMs = performance.now() + leaseMs
  // Another worker holds a locked row; waiting for it would delay the rest of the batch.
  const { rows } = await sql<Omit<ClaimedMail, 'leaseToken' | 'leaseSafeUntilMs' | 'claimedAt'>>`
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
      coalesce(case when m.notification_id is not null then (${obsoleteReason}) end, ${staleAssignment}, ${readMessages(now)}) as obsolete,
      case when m.template = any(${templatesThatWait}::text[]) then (
        select json_build_object('timezone', users.timezone, 'settings', (select settings from user_preferences where user_id = users.id))
        from users where users.id = m.user_id
      ) end as quiet`.execute(db)
  const claimed = new Map(rows.map((row) => [row.id, { ...row, leaseToken, leaseSafeUntilMs, claimedAt: now }]))
  const results = ids.map((id): ClaimResult | undefined => {
    const mail = claimed.get(id)
    claimed.delete(id)
    return mail && { kind: 'claimed', mail }
  })
  if (!results.includes(undefined)) return results as ClaimResult[]
  const reasons = await readUnclaimed(db, ids, now)
  return results.map((result, index) => result ?? reasons.get(ids[index] as string) ?? { kind: 'missing' })
}

/** The results of mails that the claim skipped, by id. */
async function readUnclaimed(db: Db, ids: readonly string[], now: Date): Promise<Map<string, ClaimResult>> {
  const rows = await db
    .selectFrom('email_messages')
    .select(['id', 'status', 'next_attempt_at'])
    .select(sql<number | null>`extract(epoch from lease_until - clock_timestamp())::float8 * 1000`.as('lease_left_ms'))
    .where('id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute()
  const resultOf = ({ status, next_attempt_at, lease_left_ms }: (typeof rows)[number]): ClaimResult => {
    if (status === 'sending') return { kind: 'wait', forMs: Math.min(recheckAfterMs, Math.max(0, lease_left_ms ?? 0)) }
    if (status !== 'queued') return { kind: 'ended' }
    return { kind: 'wait', forMs: Math.max(0, (next_attempt_at?.getTime() ?? 0) - now.getTime()) }
  }
  return new Map(rows.map((row) => [row.id, resultOf(row)]))
}

/** Extends a lease by `leaseMs` from now. @returns false when another worker holds the lease */
export async function extendLease(db: Db, { id, leaseToken }: Lease, leaseMs: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('email_messages')
    .set({ lease_until: sql<Date>`clock_timestamp() + make_interval(secs => ${leaseMs / 1_000})` })
    .where('id', '=', id)
    .where('lease_token', '=', leaseToken)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

type Outcome = Pick<Updateable<Database['email_messages']>, 'status' | 'error' | 'next_attempt_at' | 'attempts'> & {
  /** The server refused the mail without naming a cause. */
  isRefused?: boolean
  /** The record of the attempt; absent when there was none. */
  attempt?: Attempt & { endedAt: Date }
}

/**
 * Stores the outcome of an attempt, records the attempt and releases the lease.
 * @returns false, and changes nothing, when another worker holds the lease
 */
export async function settleMail(
  db: Kysely<Database>,
  { id, leaseToken, attempts, claimedAt }: Lease & Pick<ClaimedMail, 'attempts' | 'claimedAt'>,
  { isRefused = false, attempt, ...outcome }: Outcome,
): Promise<boolean> {
  const refused_at = isRefused ? sql<Date>`clock_timestamp()` : null
  const settled = db
    .updateTable('email_messages')
    .set({ ...outcome, refused_at, lease_token: null, lease_until: null })
    .where('id', '=', id)
    .where('lease_token', '=', leaseToken)
    .returning('id')
  if (!attempt) return (await settled.executeTakeFirst()) !== undefined
  const { outcome: result, verdict = null, smtpAnswer = null, reason = null, endedAt } = attempt
  const { rows } = await sql<{ id: string }>`
    with settled as (${settled}), recorded as (
      insert into email_attempts (email_id, attempt, outcome, verdict, smtp_answer, reason, next_attempt_at, started_at, ended_at)
      select id, ${attempts}, ${result}, ${verdict}, ${smtpAnswer}, ${reason}, ${outcome.next_attempt_at ?? null}::timestamptz,
        ${claimedAt}::timestamptz, ${endedAt}::timestamptz
      from settled on conflict do nothing
    ) select id from settled`.execute(db)
  return rows.length === 1
}

/**
 * Marks mails as sent, records the attempts and deletes the jobs' outbox rows in one statement; for each mail all happens or nothing.
 * @returns in the order of `mails`, whether this worker still held the lease; if not, that mail and its job stay unchanged
 */
export async function markMailsSent(db: Db, mails: readonly SentMail[], now: Date): Promise<boolean[]> {
  const ids = mails.map(({ id }) => id)
  // With `any`, a cached plan from an empty table still uses the primary key when the table is large.
  const { rows } = await sql<{ id: string }>`
    with sent as (
      select * from unnest(
        ${mails.map(({ jobId }) => jobId)}::uuid[], ${ids}::uuid[],
        ${mails.map(({ leaseToken }) => leaseToken)}::uuid[], ${mails.map(({ smtpId }) => smtpId)}::text[],
        ${mails.map(({ smtpAnswer }) => smtpAnswer)}::text[], ${mails.map(({ attempts }) => attempts)}::int[],
        ${mails.map(({ claimedAt }) => claimedAt)}::timestamptz[]
      ) as sent (job_id, id, lease_token, smtp_id, smtp_answer, attempt, started_at)
    ), settled as (
      update email_messages m set
        status = 'sent', error = null, next_attempt_at = null, lease_token = null, lease_until = null,
        smtp_id = sent.smtp_id, sent_at = ${now}
      from sent where m.id = any(${ids}::uuid[]) and m.id = sent.id and m.lease_token = sent.lease_token
      returning m.id, sent.job_id, sent.attempt, sent.smtp_answer, sent.started_at
    ), recorded as (
      insert into email_attempts (email_id, attempt, outcome, smtp_answer, started_at, ended_at)
      select id, attempt, 'sent', smtp_answer, started_at, ${now}::timestamptz from settled on conflict do nothing
    ), acknowledged as (delete from outbox using settled where outbox.id = settled.job_id)
    select id from settled`.execute(db)
  const settled = new Set(rows.map(({ id }) => id))
  return mails.map(({ id }) => settled.has(id))
}

/**
 * Whether the server accepted a mail to another address that was created after this mail's last refusal. If so, the server
 * works and the refusal concerns this mail alone. Reads by the index on the creation time.
 */
export async function wasOtherMailAccepted(db: Db, { to, refusedAt }: Pick<ClaimedMail, 'to' | 'refusedAt'>) {
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

/** Suppresses an address: no further mail is sent to it. An existing suppression keeps its first reply. */
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
