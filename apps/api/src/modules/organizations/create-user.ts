import { newId, type Trx } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail } from '@muster/mail'
import type { Origin } from '../../http/actor.ts'
import { insertUser, type UserRow } from '../accounts/accounts.service.ts'
import { createPersonalOrganization, type Membership } from './organizations.service.ts'

export type NewUser = {
  username: string
  name: string
  /** The caller has verified that the address belongs to the user. */
  email: string
  timezone: string
  /** The credentials of the user. */
  credential: { passwordHash: string } | { googleId: string }
}

/**
 * Creates a user who registered without an invitation, with a personal organization in which they are client_admin, and
 * sends the welcome mail.
 * @throws a unique violation of users_username_key, users_email_key or users_google_id_key, after which the transaction is lost
 */
export async function createUser(
  tx: TransactContext,
  newUser: NewUser,
  { origin, now }: { origin: Origin; now: Date },
): Promise<UserRow> {
  const membership = await createPersonalOrganization(tx.trx, newUser, now)
  const row = await createUserAsMember(tx.trx, newUser, membership, now)
  const { id, username, email, name } = row
  tx.audit({
    action: 'user.registered',
    actorId: id,
    targetType: 'user',
    targetId: id,
    after: { username, email, organizationId: membership.organizationId, by: registrationMethod(newUser) },
    context: origin,
  })
  await insertMail(tx, { template: 'welcome', to: email, userId: id, data: { name } })
  return row
}

/**
 * Creates a user with this role in an organization that exists, or in none. The caller audits it.
 * @throws a unique violation as {@link createUser} does
 */
export function createUserAsMember(
  trx: Trx,
  { username, name, email, timezone, credential }: NewUser,
  { role, organizationId }: Membership,
  now: Date,
): Promise<UserRow> {
  return insertUser(trx, {
    id: newId(),
    username,
    name,
    email,
    ...('passwordHash' in credential ? { password_hash: credential.passwordHash } : { google_id: credential.googleId }),
    role,
    organization_id: organizationId,
    timezone,
    last_seen_at: now,
    created_at: now,
  })
}

/** Returns how the user registered, as audit events name it. */
export const registrationMethod = ({ credential }: NewUser) => ('passwordHash' in credential ? 'password' : 'google')
