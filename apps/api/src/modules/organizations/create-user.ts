import { newId, type Trx } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail } from '@muster/mail'
import type { Role } from '@muster/policy'
import type { Origin } from '../../http/actor.ts'
import * as queries from '../accounts/accounts.queries.ts'

export type NewPerson = {
  username: string
  name: string
  /** Proven to be theirs. */
  email: string
  timezone: string
  /** What they can sign in with. */
  credential: { passwordHash: string } | { googleId: string }
}

/**
 * Writes a person who came by themselves, with the personal organization in which they are client_admin; greets them.
 * @throws a unique violation of users_username_key, users_email_key or users_google_id_key, after which the transaction is lost
 */
export async function createPerson(
  tx: TransactContext,
  person: NewPerson,
  { origin, now }: { origin: Origin; now: Date },
): Promise<queries.UserRow> {
  const organizationId = newId()
  await queries.insertOrganization(tx.trx, {
    id: organizationId,
    name: person.name,
    is_personal: true,
    created_at: now,
  })
  const row = await insertPerson(tx.trx, person, { role: 'client_admin', organizationId }, now)
  const { id, username, email, name } = row
  tx.audit({
    action: 'user.registered',
    actorId: id,
    targetType: 'user',
    targetId: id,
    after: { username, email, organizationId, by: methodOf(person) },
    context: origin,
  })
  await insertMail(tx, { template: 'welcome', to: email, userId: id, data: { name } })
  return row
}

/**
 * Writes a person into a place that exists.
 * @throws a unique violation as {@link createPerson} does
 */
export function insertPerson(
  trx: Trx,
  { username, name, email, timezone, credential }: NewPerson,
  { role, organizationId }: { role: Role; organizationId: string | null },
  now: Date,
): Promise<queries.UserRow> {
  return queries.insert(trx, {
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

/** How the person came, as audit events say it. */
export const methodOf = ({ credential }: NewPerson) => ('passwordHash' in credential ? 'password' : 'google')
