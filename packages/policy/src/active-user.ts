import { type RawBuilder, sql } from 'kysely'

/** The columns of a user that decide whether the user is active. */
export type UserState = { is_active: boolean; deletion_requested_at: Date | null; anonymised_at: Date | null }

/** Tells whether a user is active: neither deactivated, nor about to be deleted, nor anonymised. */
export const isActiveUser = (user: UserState): boolean =>
  user.is_active && user.deletion_requested_at === null && user.anonymised_at === null

/** SQL: {@link isActiveUser}. Expects a table named `users`. */
export const activeUserSql: RawBuilder<boolean> = sql`(
  users.is_active and users.deletion_requested_at is null and users.anonymised_at is null
)`
