import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

/**
 * Records each attempt to send a mail, with the answer of the SMTP server. The table is new, so that its key and its index lock no rows of
 * others; the reference locks the mails for a moment. The previous release deletes mails without knowing of their attempts.
 */
export async function up(db: AnyDb): Promise<void> {
  await sql`
    create table email_attempts (
      email_id uuid not null references email_messages (id) on delete cascade,
      -- The number of the attempt: 1, 2, 3 … Numbers without a row are of attempts that ended without an outcome.
      attempt integer not null,
      outcome text not null check (outcome in ('sent', 'retried', 'failed', 'dropped', 'interrupted')),
      -- What the answer says about the cause, as the retry policy reads it; null when the server was not asked, or took the mail.
      verdict text,
      -- What the server said, without the code or token of the mail.
      smtp_answer text,
      -- Why the attempt ended so, where that was not the answer alone.
      reason text,
      next_attempt_at timestamptz,
      started_at timestamptz not null,
      ended_at timestamptz not null,
      primary key (email_id, attempt)
    )`.execute(db)
  // Mails by result over time are counted from the index alone.
  await sql`create index email_attempts_ended_at on email_attempts (ended_at, outcome)`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  await sql`drop table email_attempts`.execute(db)
}
