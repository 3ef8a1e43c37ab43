import type { Database, Db, Trx } from '@muster/db'
import type { Insertable, Selectable } from 'kysely'

export type TotpRow = Selectable<Database['totp_secrets']>
export type FactorMethod = 'none' | 'otp' | 'totp'

/** Finds the secret of the app in use. */
export function findTotp(db: Db | Trx, userId: string): Promise<TotpRow | undefined> {
  return db
    .selectFrom('totp_secrets')
    .selectAll()
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is not', null)
    .executeTakeFirst()
}

/** Finds the pending secret of a set-up that began after `since`. */
export function findPendingTotp(db: Db | Trx, userId: string, since: Date): Promise<TotpRow | undefined> {
  return db
    .selectFrom('totp_secrets')
    .selectAll()
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is', null)
    .where('created_at', '>', since)
    .executeTakeFirst()
}

/** Writes the pending secret of a set-up, in place of an earlier pending one. */
export function putPendingTotp(
  trx: Trx,
  row: Pick<Insertable<Database['totp_secrets']>, 'id' | 'user_id' | 'key_id' | 'sealed' | 'created_at'>,
) {
  return trx
    .insertInto('totp_secrets')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .column('user_id')
        .where('confirmed_at', 'is', null)
        .doUpdateSet((eb) => ({
          id: eb.ref('excluded.id'),
          key_id: eb.ref('excluded.key_id'),
          sealed: eb.ref('excluded.sealed'),
          created_at: eb.ref('excluded.created_at'),
        })),
    )
    .execute()
}

/** Confirms the secret, which replaces the one in use and all pending ones. @returns false when none is pending */
export async function confirmTotp(
  trx: Trx,
  userId: string,
  { step, now, ...sealed }: Pick<TotpRow, 'key_id' | 'sealed'> & { step: number; now: Date },
): Promise<boolean> {
  await trx.deleteFrom('totp_secrets').where('user_id', '=', userId).where('confirmed_at', 'is not', null).execute()
  const { numUpdatedRows } = await trx
    .updateTable('totp_secrets')
    .set({ ...sealed, confirmed_at: now, last_step: step })
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Records the time step of an accepted code. @returns false when this step, or a later one, was accepted before */
export async function acceptStep(trx: Trx, id: string, step: number): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('totp_secrets')
    .set({ last_step: step })
    .where('id', '=', id)
    .where('confirmed_at', 'is not', null)
    .where('last_step', '<', step)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Tells whether the user has this unused recovery code. */
export async function hasRecoveryCode(db: Db, userId: string, codeHash: Buffer): Promise<boolean> {
  const row = await db
    .selectFrom('recovery_codes')
    .select('user_id')
    .where('user_id', '=', userId)
    .where('code_hash', '=', codeHash)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

/** Marks the recovery code as used. @returns false when it was used before, or replaced */
export async function useRecoveryCode(trx: Trx, userId: string, codeHash: Buffer, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('recovery_codes')
    .set({ used_at: now })
    .where('user_id', '=', userId)
    .where('code_hash', '=', codeHash)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Counts the user's unused recovery codes. */
export async function countRecoveryCodes(db: Db, userId: string): Promise<number> {
  const { left } = await db
    .selectFrom('recovery_codes')
    .select((eb) => eb.fn.countAll<number>().as('left'))
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow()
  return left
}

/** Replaces the user's recovery codes. */
export async function replaceRecoveryCodes(trx: Trx, userId: string, hashes: readonly Buffer[], now: Date) {
  await trx.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
  if (hashes.length === 0) return
  const rows = hashes.map((code_hash) => ({ user_id: userId, code_hash, created_at: now }))
  await trx.insertInto('recovery_codes').values(rows).execute()
}

/** Deletes the secret of the app in use and the pending ones. */
export function deleteTotp(trx: Trx, userId: string) {
  return trx.deleteFrom('totp_secrets').where('user_id', '=', userId).execute()
}

/** Finds the second factor that the user's organization requires; `none` for a user without an organization. */
export async function findRequiredMethod(db: Db | Trx, userId: string): Promise<FactorMethod> {
  const row = await db
    .selectFrom('users')
    .innerJoin('organizations', 'organizations.id', 'users.organization_id')
    .select('organizations.two_factor_method')
    .where('users.id', '=', userId)
    .executeTakeFirst()
  return (row?.two_factor_method as FactorMethod | undefined) ?? 'none'
}
