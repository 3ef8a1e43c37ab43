import type { Clock, Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { emailIdOfToken, isMailToken } from '@muster/mail'
import type { Role } from '@muster/policy'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import { eventOn } from '../../http/event-on.ts'
import { findUser, type UserRow } from '../accounts/accounts.service.ts'
import { assertNotLastAdmin, setMembership } from '../members/membership.service.ts'
import { createUserAsMember, type NewUser, registrationMethod } from '../organizations/create-user.ts'
import { createOrganization, type Membership } from '../organizations/organizations.service.ts'
import { notifyOfAcceptance } from './acceptance-notices.ts'
import { assertOpen, mayReplace, platformRoles } from './invite-rules.ts'
import * as queries from './invites.queries.ts'
import { signalInvite } from './signal-invite.ts'

/**
 * Reads the open invitation of a token, without using it. Accept it by its `email_id`: once a newer mail is sent, that one
 * is no longer accepted.
 * @throws DomainError INVITE_INVALID, for any reason
 */
export async function readInvitation(
  { config, db, clock }: Pick<Deps, 'config' | 'db' | 'clock'>,
  token: string,
): Promise<queries.InviteRow> {
  const emailId = emailIdOfToken(token)
  const isOurs = emailId !== undefined && isMailToken(config.keys.mailCode, { template: 'invite', emailId }, token)
  const invite = isOurs ? await queries.findByMail(db, emailId) : undefined
  assertOpen(invite, clock.now())
  return invite
}

/**
 * Accepts an invitation for a newcomer: creates their account with its role and organization. Of several parallel calls
 * one succeeds; the others wait for the locked invitation and find it used.
 * @throws DomainError INVITE_INVALID, and the unique violations of a user
 */
export async function acceptAsNewcomer(
  { clock }: { clock: Clock },
  tx: TransactContext,
  emailId: string,
  newcomer: NewUser,
  origin: Origin,
): Promise<UserRow> {
  const now = clock.now()
  const invite = await lockOpen(tx, emailId, now)
  if (newcomer.email !== invite.email) throw new DomainError('INVITE_INVALID')
  const membership = await createMembership(tx.trx, invite, now)
  const user = await createUserAsMember(tx.trx, newcomer, membership, now)
  const { username, email, role } = user
  tx.audit({
    ...eventOn('user', user.id, user.id, origin),
    action: 'user.registered',
    after: {
      username,
      email,
      role,
      organizationId: user.organization_id,
      by: registrationMethod(newcomer),
      inviteId: invite.id,
    },
  })
  await markAccepted(tx, invite, user, { membership, origin, now })
  await notifyOfAcceptance(tx, invite, user, now)
  return user
}

/**
 * Accepts an invitation for a user: gives them its role and organization, and transfers their tasks there. The caller has
 * verified the user's identity and locked their row.
 * @returns the row afterwards
 * @throws DomainError INVITE_INVALID, also when it is for another e-mail; ALREADY_EXISTS, ROLE_NOT_ALLOWED, LAST_ADMIN
 */
export async function acceptAsUser(
  deps: { clock: Clock; cache: Pick<Deps['cache'], 'invalidate'> },
  tx: TransactContext,
  emailId: string,
  user: UserRow,
  origin: Origin,
): Promise<UserRow> {
  const now = deps.clock.now()
  const invite = await lockOpen(tx, emailId, now)
  assertMayAccept(invite, user)
  const membership = await createMembership(tx.trx, invite, now)
  await markAccepted(tx, invite, user, { membership, origin, now })
  await assertNotLastAdmin(tx.trx, user, { targetId: membership.organizationId })
  await setMembership(deps, tx, user, { ...membership, byId: user.id })
  tx.audit({
    ...eventOn('user', user.id, user.id, origin),
    action: 'user.membership_changed',
    before: { role: user.role, organizationId: user.organization_id },
    after: { ...membership, inviteId: invite.id },
  })
  await notifyOfAcceptance(tx, invite, user, now)
  const moved = await findUser(tx.trx, user.id)
  if (!moved) throw new DomainError('UNAUTHENTICATED')
  return moved
}

/**
 * Accepts an invitation as {@link acceptAsUser} does, in the last step of a sign-in. Has no effect when the first step has
 * accepted it already, by creating the account.
 */
export async function acceptAtSignIn(
  deps: { clock: Clock; cache: Pick<Deps['cache'], 'invalidate'> },
  tx: TransactContext,
  emailId: string,
  user: UserRow,
  origin: Origin,
): Promise<UserRow> {
  const invite = await queries.findByMail(tx.trx, emailId)
  return invite?.accepted_by === user.id ? user : acceptAsUser(deps, tx, emailId, user, origin)
}

async function lockOpen({ trx }: TransactContext, emailId: string, now: Date): Promise<queries.InviteRow> {
  const invite = await queries.lockByMail(trx, emailId)
  assertOpen(invite, now)
  return invite
}

function assertMayAccept(invite: queries.InviteRow, { email, role, organization_id: organizationId }: UserRow): void {
  if (email !== invite.email)
    throw new DomainError('INVITE_INVALID', {
      message: 'This invitation is for another e-mail than that of your account.',
    })
  if (invite.role === 'client_user' && organizationId === invite.organization_id)
    throw new DomainError('ALREADY_EXISTS', { message: 'You are already a member of this organization.' })
  if (platformRoles.includes(invite.role) && role === invite.role)
    throw new DomainError('ALREADY_EXISTS', { message: `You already have the role ${role}.` })
  if (!mayReplace(invite, role as Role))
    throw new DomainError('ROLE_NOT_ALLOWED', {
      message: `The sender of this invitation may not change your role ${role}.`,
    })
}

/** Returns the membership that the invitation grants. For a client_admin it creates the organization. */
async function createMembership(trx: Trx, invite: queries.InviteRow, now: Date): Promise<Membership> {
  const { role, organization_name: name } = invite
  if (role === 'client_user') return { role, organizationId: invite.organization_id }
  if (role !== 'client_admin') return { role, organizationId: null }
  return { role, organizationId: await createOrganization(trx, { name: name ?? '' }, now) }
}

/** Marks the invitation as accepted, and records it. */
async function markAccepted(
  tx: TransactContext,
  invite: queries.InviteRow,
  user: UserRow,
  { membership, origin, now }: { membership: Membership; origin: Origin; now: Date },
): Promise<void> {
  const { organizationId } = membership
  const acceptance = { status: 'accepted', accepted_by: user.id, accepted_at: now, organization_id: organizationId }
  await queries.update(tx.trx, invite.id, acceptance, now)
  signalInvite(tx, invite)
  if (organizationId !== null && organizationId !== invite.organization_id)
    tx.audit({
      ...eventOn('organization', organizationId, user.id, origin),
      action: 'organization.created',
      after: { name: invite.organization_name },
    })
  tx.audit({
    ...eventOn('invite', invite.id, user.id, origin),
    action: 'invite.accepted',
    before: { status: 'pending' },
    after: { status: 'accepted', role: invite.role, userId: user.id },
  })
}
