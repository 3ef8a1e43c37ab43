import { DomainError } from '@muster/errors'
import { passwordFaults } from '@muster/security'
import type { Context } from '../../context.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { isUniqueViolation } from '../../sql/unique-violation.ts'
import type { User } from '../accounts/accounts.schema.ts'
import { findUserByEmail, type UserRow } from '../accounts/accounts.service.ts'
import { lockActor } from '../accounts/lock-actor.ts'
import { toUser } from '../accounts/user-view.ts'
import { type SignedIn, signIn } from '../sign-in/sign-in-steps.ts'
import { acceptAsNewcomer, acceptAsPerson, readInvitation } from './acceptance.ts'
import type { Invitation, NewAccount } from './invites.schema.ts'

/** What whoever has the link may know of the invitation. It stays as good as it was. @throws DomainError INVITE_INVALID */
export async function showInvitation(context: Context, token: string): Promise<Invitation> {
  const invite = await readInvitation(context, token)
  return {
    email: invite.email,
    role: invite.role,
    organizationName: invite.organization_name,
    invitedBy: { name: invite.inviter_name },
    expiresAt: invite.expires_at.toISOString(),
  }
}

/**
 * Makes the account of whoever has the link, and their session: the link came to the address, so the e-mail is proven.
 * @throws DomainError INVITE_INVALID, VALIDATION_FAILED for a password that may not be, USERNAME_TAKEN, ALREADY_EXISTS
 *   when the address has an account, OVERLOADED
 */
export async function acceptWithPassword(
  context: Context,
  token: string,
  { name, username, password, timezone = 'UTC' }: NewAccount,
  origin: Origin,
): Promise<SignedIn> {
  const { email, email_id: emailId } = await readInvitation(context, token)
  const details = passwordFaults(password, { email, username }).map((message) => ({ path: 'body.password', message }))
  if (details.length > 0) throw new DomainError('VALIDATION_FAILED', { details })
  if (await findUserByEmail(context.db, email)) throw hasAccount()
  const passwordHash = await context.passwords.hash(password)
  const person = { name, username, email, timezone, credential: { passwordHash } }
  return context
    .transact(async (tx) => {
      const user = await acceptAsNewcomer(context, tx, emailId, person, origin)
      return signIn(context, tx, user, { method: 'invite', rememberMe: false, origin })
    })
    .catch((error: unknown) => {
      if (isUniqueViolation(error, 'users_username_key')) throw new DomainError('USERNAME_TAKEN')
      if (isUniqueViolation(error, 'users_email_key')) throw hasAccount()
      throw error
    })
}

/**
 * Accepts with the account that is signed in.
 * @returns the person as they are in their new place
 * @throws DomainError INVITE_INVALID, also when it is for another e-mail; ALREADY_EXISTS, ROLE_NOT_ALLOWED, LAST_ADMIN
 */
export async function acceptSignedIn(context: Context, actor: Actor, token: string, origin: Origin): Promise<User> {
  const { email_id: emailId } = await readInvitation(context, token)
  const row = await context.transact(async (tx) => {
    const { users } = await lockActor(tx.trx, actor)
    return acceptAsPerson(context, tx, emailId, users.get(actor.userId) as UserRow, origin)
  })
  return toUser(row, context.clock.now())
}

const hasAccount = () =>
  new DomainError('ALREADY_EXISTS', { message: 'There is an account with this e-mail. Sign in and accept with it.' })
