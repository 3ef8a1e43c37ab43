import type { Database, Db, Trx } from '@muster/db'
import { type Insertable, type Selectable, sql } from 'kysely'

export type ChallengeRow = Selectable<Database['two_factor_challenges']>
/** Of what a person has one at a time, and what only a mailed code proves. */
export type ProofPurpose = 'enable-otp' | 'confirm'

/** When a challenge is still worth a try, and a mail may follow the one before. */
export type ChallengeLimits = { now: Date; maxTries: number; mayMailSince: Date }

export function insert(trx: Trx, row: Insertable<Database['two_factor_challenges']>) {
  return trx.insertInto('two_factor_challenges').values(row).execute()
}

export function findById(db: Db | Trx, id: string): Promise<ChallengeRow | undefined> {
  return db.selectFrom('two_factor_challenges').selectAll().where('id', '=', id).executeTakeFirst()
}

export function findProof(db: Db | Trx, userId: string, purpose: ProofPurpose): Promise<ChallengeRow | undefined> {
  return db
    .selectFrom('two_factor_challenges')
    .selectAll()
    .where('user_id', '=', userId)
    .where('purpose', '=', purpose)
    .executeTakeFirst()
}

/**
 * Begins the person's proof, or goes on with it: then the tries stay as they are.
 * @returns its id; undefined while a mail went out a moment ago or the tries are used up
 */
export async function takeProofMailTurn(
  trx: Trx,
  proof: { id: string; userId: string; purpose: ProofPurpose; expiresAt: Date },
  { now, maxTries, mayMailSince }: ChallengeLimits,
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    insert into two_factor_challenges as open (id, user_id, purpose, method, mailed_at, expires_at, created_at)
    values (${proof.id}, ${proof.userId}, ${proof.purpose}, 'otp', ${now}, ${proof.expiresAt}, ${now})
    on conflict (user_id, purpose) where purpose <> 'sign-in' do update set
      tries = case when open.used_at is not null or open.expires_at <= ${now} then 0 else open.tries end,
      mailed_at = excluded.mailed_at, expires_at = excluded.expires_at, email_id = null, used_at = null
    where open.used_at is not null
      or (open.mailed_at <= ${mayMailSince} and (open.tries < ${maxTries} or open.expires_at <= ${now}))
    returning id`.execute(trx)
  return rows[0]?.id
}

/** Takes the turn to mail a new code for a sign-in; its tries and its end stay as they are. */
export async function takeSignInMailTurn(
  trx: Trx,
  id: string,
  { now, maxTries, mayMailSince }: ChallengeLimits,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('two_factor_challenges')
    .set({ mailed_at: now })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .where('tries', '<', maxTries)
    .where('mailed_at', '<=', mayMailSince)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** The mail whose code is asked for from now on. */
export type ChallengeMail = { email_id: string; mailed_at: Date }

export function setMail(trx: Trx, id: string, mail: ChallengeMail) {
  return trx.updateTable('two_factor_challenges').set(mail).where('id', '=', id).execute()
}

/** The newest mail of any open sign-in of this person, if it went out after `since`. */
export async function findSignInMail(
  trx: Trx,
  userId: string,
  { now, since }: { now: Date; since: Date },
): Promise<ChallengeMail | undefined> {
  const row = await trx
    .selectFrom('two_factor_challenges')
    .select(['email_id', 'mailed_at'])
    .where('user_id', '=', userId)
    .where('purpose', '=', 'sign-in')
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .where('mailed_at', '>', since)
    .orderBy('mailed_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.email_id && row.mailed_at ? { email_id: row.email_id, mailed_at: row.mailed_at } : undefined
}

/**
 * Counts one try before its code is looked at, so that fifty at once are still `maxTries`.
 * @returns undefined when the challenge has ended or its tries are used up
 */
export function takeTry(
  db: Db,
  which: { id: string } | { userId: string; purpose: ProofPurpose },
  { now, maxTries }: Pick<ChallengeLimits, 'now' | 'maxTries'>,
): Promise<ChallengeRow | undefined> {
  const query = db
    .updateTable('two_factor_challenges')
    .set({ tries: sql`tries + 1` })
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .where('tries', '<', maxTries)
    .returningAll()
  return 'id' in which
    ? query.where('id', '=', which.id).executeTakeFirst()
    : query.where('user_id', '=', which.userId).where('purpose', '=', which.purpose).executeTakeFirst()
}

/** Ends the challenge by its right answer. @returns false when it ended before, or another mail replaced the code */
export async function use(
  trx: Trx,
  { id, email_id: emailId }: Pick<ChallengeRow, 'id' | 'email_id'>,
  now: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('two_factor_challenges')
    .set({ used_at: now })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .where('email_id', 'is not distinct from', emailId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Takes a used code from the other sign-ins that shared its mail. They stay open, and another mail goes on with them. */
export function forgetMail(trx: Trx, userId: string, emailId: string) {
  return trx
    .updateTable('two_factor_challenges')
    .set({ email_id: null })
    .where('user_id', '=', userId)
    .where('email_id', '=', emailId)
    .where('used_at', 'is', null)
    .execute()
}

/** Ends everything that is under way for this person. */
export function endAll(trx: Trx, userId: string, now: Date) {
  return trx
    .updateTable('two_factor_challenges')
    .set({ used_at: now })
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .execute()
}

/** Forgets what ended before `before`; nobody asks for it again. */
export function deleteEnded(trx: Trx, userId: string, before: Date) {
  return trx
    .deleteFrom('two_factor_challenges')
    .where('user_id', '=', userId)
    .where('expires_at', '<', before)
    .execute()
}
