import { DomainError } from '@muster/errors'
import type { Actor, Origin } from '../../plugins/actor.ts'
import type { Context } from '../../plugins/context.ts'
import { openSession, type SessionGrant } from '../sessions/sessions.service.ts'
import * as usersQueries from '../users/users.queries.ts'
import type { User } from '../users/users.schema.ts'
import { dropCachedProfile, toUser } from '../users/users.service.ts'

/** How the first step proved who somebody is. */
export type SignInMethod = 'password' | 'google' | 'invite'

export type SignInOptions = { method: SignInMethod; rememberMe: boolean; origin: Origin }

export type SignedIn = { requiresTwoFactor: false; user: User; grant: SessionGrant }

/**
 * What follows the first step of every way in: a session.
 * @throws DomainError ACCOUNT_INACTIVE
 */
export async function beginSignIn(
  context: Context,
  row: usersQueries.UserRow,
  options: SignInOptions,
): Promise<SignedIn> {
  if (!row.is_active) throw new DomainError('ACCOUNT_INACTIVE')
  return completeSignIn(context, row, options)
}

/** What follows the last step of every way in: opens the session and records it. */
export async function completeSignIn(
  context: Context,
  row: usersQueries.UserRow,
  { method, rememberMe, origin }: SignInOptions,
): Promise<SignedIn> {
  const now = context.clock.now()
  const grant = await context.transact(async ({ trx, audit }) => {
    const user = { id: row.id, role: row.role as Actor['role'], organizationId: row.organization_id }
    const opened = await openSession(context, trx, user, { rememberMe, origin })
    await usersQueries.setLastSeen(trx, row.id, now)
    audit({
      action: 'auth.login_succeeded',
      actorId: row.id,
      targetType: 'session',
      targetId: opened.actor.sessionId,
      after: { method, rememberMe },
      context: origin,
    })
    return opened
  })
  await dropCachedProfile(context, row.id)
  return { requiresTwoFactor: false, user: toUser({ ...row, last_seen_at: now }, now), grant }
}
