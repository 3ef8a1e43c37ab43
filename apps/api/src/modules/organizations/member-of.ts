import { type RawBuilder, sql } from 'kysely'

/** Matches members of the organization, also deactivated ones, but no anonymised users. Expects a table `users`. */
export const isMemberOf = (organizationId: string): RawBuilder<boolean> =>
  sql`users.organization_id = ${organizationId}::uuid and users.anonymised_at is null`
