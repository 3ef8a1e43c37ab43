import { type RawBuilder, sql } from 'kysely'

/** Matches members of the organization, deactivated ones too; a user made anonymous is no member. Expects a table named `users`. */
export const isMemberOf = (organizationId: string): RawBuilder<boolean> =>
  sql`users.organization_id = ${organizationId}::uuid and users.anonymised_at is null`
