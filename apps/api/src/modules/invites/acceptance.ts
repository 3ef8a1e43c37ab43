import type { Clock, Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { emailIdOfToken, isMailToken } from '@muster/mail'
import type { Role } from '@muster/policy'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import { findUser, type UserRow } from '../accounts/accounts.service.ts'
import { assertNotLastAdmin, setMembership } from '../members/membership.service.ts'
import { createUserAsMember, type NewUser, registrationMethod } from '../organizations/create-user.ts'
import { createOrganization, type Membership } from '../organizations/organizations.service.ts'
import { tellOfAcceptance } from './acceptance-notices.ts'
import { assertOpen, mayReplace } from './invite-rules.ts'
import * as queries from './invites.queries.ts'

/**
 * The open invitation that a token is for; reading it uses nothing up. Accept it by its `email_id`: a newer mail makes
 * that one worthless too.
 * @throws DomainError INVITE_INVALID, alike for whatever is wrong with it
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
 * Accepts for somebody who has no account, and makes it in the place that the invitation has for them. Of any number at
 * once one does; the others wait for its row and find it used.
 * @throws DomainError INVITE_INVALID, and the unique violations of a user
 */
export async function acceptAsNewcomer(
  { clock }: { clock: Clock },
  tx: TransactContext,
  emailId: string,
  person: NewUser,
  origin: Origin,
): Promise<UserRow> {
  const now = clock.now()
  const invite = await lockOpen(tx, emailId, now)
  if (person.email !== invite.email) throw new DomainError('INVITE_INVALID')
  const place = await placeOf(tx.trx, invite, now)
  const user = await createUserAsMember(tx.trx, person, place, now)
  const { username, email, role } = user
  tx.audit({
    ...eventOn('user', user.id, user.id, origin),
    action: 'user.registered',
    after: {
      username,
      email,
      role,
      organizationId: user.organization_id,
      by: registrationMethod(person),
      inviteId: invite.id,
    },
  })
  await settle(tx, invite, user, { place, origin, now })
  await tellOfAcceptance(tx, invite, user, now)
  return user
}

/**
 * Accepts for somebody who has an account and has proven to be its person: they go where the invitation leads, with their
 * tasks. The caller has locked their row, and drops the cached profile after the commit.
 * @returns the row as it is then
 * @throws DomainError INVITE_INVALID, also when it is for another e-mail; ALREADY_EXISTS, ROLE_NOT_ALLOWED, LAST_ADMIN
 */
export async function acceptAsPerson(
  deps: { clock: Clock; redis: Pick<Deps['redis'], 'drop'> },
  tx: TransactContext,
  emailId: string,
  user: UserRow,
  origin: Origin,
): Promise<UserRow> {
  const now = deps.clock.now()
  const invite = await lockOpen(tx, emailId, now)
  refuseWhoMayNotGo(invite, user)
  const place = await placeOf(tx.trx, invite, now)
  await settle(tx, invite, user, { place, origin, now })
  await assertNotLastAdmin(tx.trx, user, place.organizationId)
  await setMembership(deps, tx, user, place)
  tx.audit({
    ...eventOn('user', user.id, user.id, origin),
    action: 'user.membership_changed',
    before: { role: user.role, organizationId: user.organization_id },
    after: { ...place, inviteId: invite.id },
  })
  await tellOfAcceptance(tx, invite, user, now)
  const moved = await findUser(tx.trx, user.id)
  if (!moved) throw new DomainError('UNAUTHENTICATED')
  return moved
}

/**
 * As {@link acceptAsPerson}, in the last step of a sign-in, whose first step may have made the account by this invitation:
 * then nothing is left to do.
 */
export async function acceptAtSignIn(
  deps: { clock: Clock; redis: Pick<Deps['redis'], 'drop'> },
  tx: TransactContext,
  emailId: string,
  user: UserRow,
  origin: Origin,
): Promise<UserRow> {
  const invite = await queries.findByMail(tx.trx, emailId)
  return invite?.accepted_by === user.id ? user : acceptAsPerson(deps, tx, emailId, user, origin)
}

async function lockOpen({ trx }: TransactContext, emailId: string, now: Date): Promise<queries.InviteRow> {
  const invite = await queries.lockByMail(trx, emailId)
  assertOpen(invite, now)
  return invite
}

function refuseWhoMayNotGo(invite: queries.InviteRow, { email, role, organization_id: organizationId }: UserRow): void {
  if (email !== invite.email)
    throw new DomainError('INVITE_INVALID', {
      message: 'This invitation is for another e-mail than that of your account.',
    })
  const isThere = invite.role === 'client_user' ? organizationId === invite.organization_id : role === invite.role
  if (isThere && invite.role !== 'client_admin')
    throw new DomainError('ALREADY_EXISTS', { message: 'You are where this invitation leads already.' })
  if (!mayReplace(invite, role as Role))
    throw new DomainError('ROLE_NOT_ALLOWED', { message: `Who invites you may not take the role ${role} from you.` })
}

/** Where the invitation leads: an organization of the inviter, one that comes into being now, or none. */
async function placeOf(trx: Trx, invite: queries.InviteRow, now: Date): Promise<Membership> {
  const { role, organization_name: name } = invite
  if (role === 'client_user') return { role, organizationId: invite.organization_id }
  if (role !== 'client_admin') return { role, organizationId: null }
  return { role, organizationId: await createOrganization(trx, { name: name ?? '' }, now) }
}

/** Uses the invitation up. */
async function settle(
  tx: TransactContext,
  invite: queries.InviteRow,
  user: UserRow,
  { place, origin, now }: { place: Membership; origin: Origin; now: Date },
): Promise<void> {
  const { organizationId } = place
  const acceptance = { status: 'accepted', accepted_by: user.id, accepted_at: now, organization_id: organizationId }
  await queries.update(tx.trx, invite.id, acceptance, now)
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

const eventOn = (targetType: string, targetId: string, actorId: string, context: Origin) => ({
  actorId,
  targetType,
  targetId,
  context,
})
