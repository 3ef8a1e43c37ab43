import { type Kysely, sql } from 'kysely'

/** Answers that speak of the mailbox: what an address was suppressed for before is believed only where one of these stands. */
const mailboxWords =
  '5\\.1\\.(1|3|4|6|10)([^0-9]|$)|(user|recipient|mailbox|account|address)[ -]+(is )?(unknown|not found)|unknown (user|recipient|mailbox|account|address)|no such (user|recipient|mailbox|account|address)|(does not|doesn.t) exist'
/** Answers that speak of the relay, the sender or a policy, whatever else they say. */
const otherWords =
  'relay|sender|authenti|authori[sz]|credential|polic(y|ies)|spam|block|black ?list|spf|dkim|dmarc|rcpthosts|not verified|access denied'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    alter table email_suppressions
      -- Named in addresses of the API, where an e-mail address would end up in logs.
      add column id uuid not null default gen_random_uuid() unique,
      -- What the server said, word for word.
      add column smtp_answer text,
      -- The mail that got this answer; mails are kept for a shorter time, so it may be gone.
      add column email_id uuid`.execute(db)
  // A mail that the server refuses without saying whose fault it is: whether others got through since then decides.
  await sql`alter table email_messages add column refused_at timestamptz`.execute(db)
  // Any refusal suppressed until now, that of a relay that was set up wrongly too. Who takes no mail is refused again.
  await sql`
    delete from email_suppressions
    where reason !~* ${sql.lit(mailboxWords)} or reason ~* ${sql.lit(otherWords)}`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`alter table email_messages drop column refused_at`.execute(db)
  await sql`alter table email_suppressions drop column id, drop column smtp_answer, drop column email_id`.execute(db)
}
