import type { Database, Db, Trx } from '@muster/db'
import { type Insertable, type Selectable, sql } from 'kysely'

export type ChallengeRow = Selectable<Database['two_factor_challenges']>
/** The purposes of challenges that only a mailed code answers; a user has one challenge at a time for each. */
export type CodePurpose = 'enable-otp' | 'confirm'

/** Bounds of tries, and the latest time of a previous mail that permits another one. */
export type ChallengeLimits = { now: Date; maxTries: number; mayMailSince: Date }

export function insert(trx: Trx, row: Insertable<Database['two_factor_challenges']>) {
  return trx.insertInto('two_factor_challenges').values(row).execute()
}

export function findById(db: Db | Trx, id: string): Promise<ChallengeRow | undefined> {
  return db.selectFrom('two_factor_challenges').selectAll().where('id', '=', id).executeTakeFirst()
}

export function findByPurpose(db: Db | Trx, userId: string, purpose: CodePurpose): Promise<ChallengeRow | undefined> {
  return db
    .selectFrom('two_factor_challenges')
    .selectAll()
    .where('user_id', '=', userId)
    .where('purpose', '=', purpose)
    .executeTakeFirst()
}

/**
 * Claims the next mail of the user's challenge for this purpose, and begins the challenge if none is open. The tries of an
 * open one stay as they are.
 * @returns the challenge's id; undefined during the cooldown of the last mail, or when the tries are used up
 */
export async function claimMail(
  trx: Trx,
  challenge: { id: string; userId: string; purpose: CodePurpose; expiresAt: Date },
  { now, maxTries, mayMailSince }: ChallengeLimits,
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    insert into two_factor_challenges as open (id, user_id, purpose, method, mailed_at, expires_at, created_at)
    values (${challenge.id}, ${challenge.userId}, ${challenge.purpose}, 'otp', ${now}, ${challenge.expiresAt}, ${now})
    on conflict (user_id, purpose) where purpose <> 'sign-in' do update set
      tries = case when open.used_at is not null or open.expires_at <= ${now} then 0 else open.tries end,
      mailed_at = excluded.mailed_at, expires_at = excluded.expires_at, email_id = null, used_at = null
    where open.used_at is not null
      or (open.mailed_at <= ${mayMailSince} and (open.tries < ${maxTries} or open.expires_at <= ${now}))
    returning id`.execute(trx)
  return rows[0]?.id
}

/** Claims the next mail of a sign-in's challenge, whose tries and expiry stay as they are. @returns false during the cooldown */
export async function claimSignInMail(
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

/** The mail whose code the challenge accepts. */
export type ChallengeMail = { email_id: string; mailed_at: Date }

export function setMail(trx: Trx, id: string, mail: ChallengeMail) {
  return trx.updateTable('two_factor_challenges').set(mail).where('id', '=', id).execute()
}

/** Finds the latest mail of all open sign-ins of the user, if it is later than `since`. */
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
 * Counts one try before its code is checked, so that fifty parallel tries are still at most `maxTries`.
 * @returns undefined when the challenge has ended or its tries are used up
 */
export function countTry(
  db: Db,
  which: { id: string } | { userId: string; purpose: CodePurpose },
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

/** Ends the challenge by its correct code. @returns false when it ended before, or another mail replaced the code */
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

/** Removes a consumed mail from the other sign-ins that share it. They stay open, and can have another code mailed. */
export function removeMail(trx: Trx, userId: string, emailId: string) {
  return trx
    .updateTable('two_factor_challenges')
    .set({ email_id: null })
    .where('user_id', '=', userId)
    .where('email_id', '=', emailId)
    .where('used_at', 'is', null)
    .execute()
}

/** Ends all open challenges of the user. */
export function endAll(trx: Trx, userId: string, now: Date) {
  return trx
    .updateTable('two_factor_challenges')
    .set({ used_at: now })
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .execute()
}

/** Deletes the user's challenges that expired before `before`. */
export function deleteEnded(trx: Trx, userId: string, before: Date) {
  return trx
    .deleteFrom('two_factor_challenges')
    .where('user_id', '=', userId)
    .where('expires_at', '<', before)
    .execute()
}
