import { newId } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail } from '@muster/mail'
import type { Origin } from '../../plugins/actor.ts'
import * as queries from './users.queries.ts'

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
  { username, name, email, timezone, credential }: NewPerson,
  { origin, now }: { origin: Origin; now: Date },
): Promise<queries.UserRow> {
  const id = newId()
  const organizationId = newId()
  await queries.insertOrganization(tx.trx, { id: organizationId, name, is_personal: true, created_at: now })
  const row = await queries.insert(tx.trx, {
    id,
    username,
    name,
    email,
    ...('passwordHash' in credential ? { password_hash: credential.passwordHash } : { google_id: credential.googleId }),
    role: 'client_admin',
    organization_id: organizationId,
    timezone,
    last_seen_at: now,
    created_at: now,
  })
  tx.audit({
    action: 'user.registered',
    actorId: id,
    targetType: 'user',
    targetId: id,
    after: { username, email, organizationId, by: 'passwordHash' in credential ? 'password' : 'google' },
    context: origin,
  })
  await insertMail(tx, { template: 'welcome', to: email, userId: id, data: { name } })
  return row
}
