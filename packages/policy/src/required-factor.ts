import { type RawBuilder, sql } from 'kysely'

/** The second factor of a user, and the one that their organization requires; null without an organization. */
export type Factors = { own_factor: string; required_factor: string | null }

/**
 * Tells whether the user lacks the second factor that their organization requires. An authenticator app satisfies an organization that
 * requires mailed codes; mailed codes do not satisfy one that requires an app.
 */
export const lacksRequiredFactor = ({ own_factor: own, required_factor: required }: Factors): boolean =>
  required !== null && required !== 'none' && own !== 'totp' && own !== required

/** SQL: the user would lack this factor if their organization required it. Expects a table named `users`. */
export const lacksFactorSql = (required: string | RawBuilder<unknown>): RawBuilder<boolean> =>
  sql`users.two_factor_method not in ('totp', ${required})`

/** SQL: {@link lacksRequiredFactor}. Expects tables named `users` and `organizations`. */
export const lacksRequiredFactorSql: RawBuilder<boolean> = sql`(
  organizations.two_factor_method <> 'none'
    and ${lacksFactorSql(sql`organizations.two_factor_method`)}
)`
