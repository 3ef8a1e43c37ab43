import { DomainError, detailOf } from '@muster/errors'
import { displayEmailAddress } from '@muster/identifiers'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { assertGoodPassword } from '../../http/good-password.ts'
import { isUniqueViolation } from '../../sql/unique-violation.ts'
import type { User } from '../accounts/accounts.schema.ts'
import { findUserByEmail, type UserRow } from '../accounts/accounts.service.ts'
import { lockActor } from '../accounts/lock-actor.ts'
import { toUser } from '../accounts/user-view.ts'
import { usernameTaken } from '../accounts/username-taken.ts'
import type { SignInDeps } from '../sign-in/sign-in-options.ts'
import { type SignedIn, signIn } from '../sign-in/sign-in-steps.ts'
import { acceptAsNewcomer, acceptAsUser, readInvitation } from './accept-invitation.ts'
import type { Invitation, NewAccount } from './invites.schema.ts'

type ReadDeps = Pick<Deps, 'config' | 'db' | 'clock'>

/** Returns the invitation of a link, without using it. @throws DomainError INVITE_INVALID */
export async function showInvitation(deps: ReadDeps, token: string): Promise<Invitation> {
  const invite = await readInvitation(deps, token)
  return {
    email: displayEmailAddress(invite.email),
    role: invite.role,
    organizationName: invite.organization_name,
    invitedBy: { name: invite.inviter_name },
    expiresAt: invite.expires_at.toISOString(),
  }
}

/**
 * Accepts an invitation by creating an account with a password, and signs its user in. The link was mailed to the address,
 * so the e-mail is verified.
 * @throws DomainError INVITE_INVALID, VALIDATION_FAILED for a password that the rules refuse, USERNAME_TAKEN,
 *   ALREADY_EXISTS when the address has an account, OVERLOADED
 */
export async function acceptWithPassword(
  deps: SignInDeps,
  token: string,
  { name, username, password, timezone = 'UTC' }: NewAccount,
  origin: Origin,
): Promise<SignedIn> {
  const { email, email_id: emailId } = await readInvitation(deps, token)
  assertGoodPassword(password, { email, username }, 'body.password')
  if (await findUserByEmail(deps.db, email)) throw accountExists()
  const passwordHash = await deps.passwords.hash(password)
  const newcomer = { name, username, email, timezone, credential: { passwordHash } }
  return deps
    .transact(async (tx) => {
      const user = await acceptAsNewcomer(deps, tx, emailId, newcomer, origin)
      return signIn(deps, tx, user, { method: 'invite', rememberMe: false, origin })
    })
    .catch((error: unknown) => {
      if (isUniqueViolation(error, 'users_username_key')) throw usernameTaken()
      if (isUniqueViolation(error, 'users_email_key')) throw accountExists()
      throw error
    })
}

/**
 * Accepts an invitation with the actor's account.
 * @returns the user with the new role and organization
 * @throws DomainError INVITE_INVALID, also when it is for another e-mail; ALREADY_EXISTS, ROLE_NOT_ALLOWED, LAST_ADMIN
 */
export async function acceptSignedIn(
  deps: ReadDeps & Pick<Deps, 'cache' | 'transact'>,
  actor: Actor,
  token: string,
  origin: Origin,
): Promise<User> {
  const { email_id: emailId } = await readInvitation(deps, token)
  const row = await deps.transact(async (tx) => {
    const { users } = await lockActor(tx.trx, actor)
    return acceptAsUser(deps, tx, emailId, users.get(actor.userId) as UserRow, origin)
  })
  return toUser(row, deps.clock.now())
}

const accountExists = () =>
  new DomainError('ALREADY_EXISTS', {
    message: 'There is an account with this e-mail. Sign in and accept with it.',
    details: [detailOf('body.token', 'ALREADY_EXISTS', {}, 'is for an e-mail that has an account')],
  })
