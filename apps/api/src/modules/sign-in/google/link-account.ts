import { DomainError } from '@muster/errors'
import { notify } from '@muster/notifications'
import type { Context } from '../../../context.ts'
import type { Origin } from '../../../http/actor.ts'
import { isUniqueViolation } from '../../../sql/unique-violation.ts'
import { timezone } from '../../accounts/accounts.schema.ts'
import { findUserByEmail, findUserByGoogleId, linkGoogle, type UserRow } from '../../accounts/accounts.service.ts'
import { acceptAsNewcomer } from '../../invites/acceptance.ts'
import { createUser } from '../../organizations/create-user.ts'
import type { Identity } from './claims.ts'
import { GoogleError } from './google-errors.ts'
import { nameFrom, usernameFrom } from './names.ts'

/** What must be known of the invitation that somebody comes by. */
type Invitation = { email: string; email_id: string }

/** Each round but the last was lost to somebody who was faster; losing so often is no coincidence any more. */
const maxRounds = 6
const userKeys = ['users_google_id_key', 'users_email_key', 'users_username_key']

/**
 * The account of whom the issuer vouches for: the one that knows them, else the one with their e-mail, which from now on
 * knows them, else a new one, in the place that the invitation has for them if they come by one. Of any number at once for one person all get the same: unique keys decide, and who lost
 * looks again.
 * @throws GoogleError email_unverified, already_linked; DomainError REGISTRATION_CLOSED, INVITE_INVALID, OVERLOADED
 */
export async function personOf(
  context: Context,
  identity: Identity,
  { invite, origin }: { invite: Invitation | undefined; origin: Origin },
): Promise<UserRow> {
  for (let round = 0; round < maxRounds; round++) {
    const known = await findUserByGoogleId(context.db, identity.googleId)
    if (known) return known
    const address = identity.verifiedEmail
    if (!address) throw new GoogleError('email_unverified')
    if (invite && invite.email !== address) throw new DomainError('INVITE_INVALID')
    const owner = await findUserByEmail(context.db, address)
    const row = owner
      ? await link(context, owner, identity, origin)
      : await create(context, { ...identity, address, round }, { invite, origin })
    if (row) return row
  }
  throw new DomainError('OVERLOADED', { retryAfterSeconds: 1 })
}

/**
 * Links by e-mail alone. That is safe, because nobody has an account here with an e-mail that isn't proven: no row exists
 * before the mailed code came back (or the operator or an invitation named the address), so nobody can lie in wait with
 * the e-mail of somebody else. It needs no second factor, as a password reset doesn't: signing in still does.
 * @returns undefined when it must be looked at again
 */
async function link(
  context: Context,
  owner: UserRow,
  { googleId }: Identity,
  origin: Origin,
): Promise<UserRow | undefined> {
  // Linked a moment ago; or it will be refused, and nothing of it changes.
  if (owner.google_id === googleId || !owner.is_active) return owner
  if (owner.google_id !== null) throw new GoogleError('already_linked')
  const now = context.clock.now()
  return orLost(
    context.transact(async (tx) => {
      const linked = await linkGoogle(context, tx, owner, googleId, now)
      if (!linked) return undefined
      await notify(tx, { userId: owner.id, ...linkedNotice, now })
      tx.audit({
        action: 'user.google_linked',
        actorId: owner.id,
        targetType: 'user',
        targetId: owner.id,
        before: { googleId: null },
        after: { googleId },
        context: origin,
      })
      return linked
    }),
  )
}

const linkedNotice = {
  type: 'security' as const,
  title: 'Google linked',
  message:
    'The Google account with your e-mail now signs you in. If it wasn’t you, unlink it and change your password.',
}

/** @returns undefined when the person, or somebody with that username, came into being meanwhile */
function create(
  context: Context,
  { googleId, address, round, ...told }: Identity & { address: string; round: number },
  { invite, origin }: { invite: Invitation | undefined; origin: Origin },
): Promise<UserRow | undefined> {
  const { config, transact, clock } = context
  if (!invite && !config.isSignupOpen) throw new DomainError('REGISTRATION_CLOSED')
  const name = nameFrom(told.name)
  const username = usernameFrom(name, round)
  const person = {
    username,
    name: name ?? username,
    email: address,
    timezone: timezone.safeParse(told.timezone).data ?? 'UTC',
    credential: { googleId },
  }
  return orLost(
    transact((tx) =>
      invite
        ? acceptAsNewcomer(context, tx, invite.email_id, person, origin)
        : createUser(tx, person, { origin, now: clock.now() }),
    ),
  )
}

/** What was written; undefined when one of the keys of a user was taken. */
async function orLost<T>(writing: Promise<T>): Promise<T | undefined> {
  try {
    return await writing
  } catch (error) {
    if (userKeys.some((key) => isUniqueViolation(error, key))) return undefined
    throw error
  }
}
