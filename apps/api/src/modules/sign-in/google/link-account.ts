import { DomainError } from '@muster/errors'
import { notify } from '@muster/notifications'
import type { Origin } from '../../../http/actor.ts'
import { isUniqueViolation } from '../../../sql/unique-violation.ts'
import { timezone } from '../../accounts/accounts.schema.ts'
import { findUserByEmail, findUserByGoogleId, linkGoogle, type UserRow } from '../../accounts/accounts.service.ts'
import { createUser } from '../../organizations/create-user.ts'
import type { OpenInvitation } from '../invitation-steps.ts'
import type { SignInDeps } from '../sign-in-options.ts'
import type { Identity } from './claims.ts'
import { GoogleError } from './google-errors.ts'
import { nameFrom, usernameFrom } from './names.ts'

type LinkDeps = Pick<SignInDeps, 'cache' | 'clock' | 'config' | 'db' | 'invitations' | 'transact'>
type Options = { invite: OpenInvitation | undefined; origin: Origin }

/** A round fails only when a parallel request is faster. This many failures in a row are not a coincidence. */
const maxRounds = 6
const userKeys = ['users_google_id_key', 'users_email_key', 'users_username_key']

/**
 * Finds the account that is linked to this identity; else links the account with its verified e-mail; else creates one, by
 * the invitation if there is one. Parallel calls for one identity return the same account: unique keys decide, and the
 * slower call starts over.
 * @throws GoogleError email_unverified, already_linked; DomainError REGISTRATION_CLOSED, INVITE_INVALID, OVERLOADED
 */
export async function linkAccount(deps: LinkDeps, identity: Identity, options: Options): Promise<UserRow> {
  const { invite, origin } = options
  for (let round = 0; round < maxRounds; round++) {
    const linked = await findUserByGoogleId(deps.db, identity.googleId)
    if (linked) return linked
    const address = identity.verifiedEmail
    if (!address) throw new GoogleError('email_unverified')
    if (invite && invite.email !== address) throw new DomainError('INVITE_INVALID')
    const owner = await findUserByEmail(deps.db, address)
    const row = owner
      ? await linkOwner(deps, owner, identity, origin)
      : await createAccount(deps, { ...identity, address, round }, options)
    if (row) return row
  }
  throw new DomainError('OVERLOADED', { retryAfterSeconds: 1 })
}

/**
 * Links the account that has the identity's e-mail. The e-mail alone suffices, because every account's e-mail is verified:
 * no row exists before the mailed code was entered (or the operator or an invitation named the address), so no user can
 * create an account in advance with the e-mail of another user. Like a password reset, linking requires no second
 * factor; the sign-in still does.
 * @returns undefined when a parallel request was faster
 */
async function linkOwner(
  deps: LinkDeps,
  owner: UserRow,
  { googleId }: Identity,
  origin: Origin,
): Promise<UserRow | undefined> {
  // A parallel request has linked it; or the account is deactivated, and the sign-in will refuse it unchanged.
  if (owner.google_id === googleId || !owner.is_active) return owner
  if (owner.google_id !== null) throw new GoogleError('already_linked')
  const now = deps.clock.now()
  return unlessTaken(
    deps.transact(async (tx) => {
      const linked = await linkGoogle(deps, tx, owner, googleId, now)
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
  data: { event: 'googleLinked' as const },
  message:
    'The Google account with your e-mail now signs you in. If it wasn’t you, unlink it and change your password.',
}

/** Creates an account for the identity. @returns undefined when a parallel request took the identity, e-mail or username */
function createAccount(
  deps: LinkDeps,
  { googleId, address, round, ...claims }: Identity & { address: string; round: number },
  { invite, origin }: Options,
): Promise<UserRow | undefined> {
  const { config, transact, clock, invitations } = deps
  if (!invite && !config.isSignupOpen) throw new DomainError('REGISTRATION_CLOSED')
  const name = nameFrom(claims.name)
  const username = usernameFrom(name, round)
  const newUser = {
    username,
    name: name ?? username,
    email: address,
    timezone: timezone.safeParse(claims.timezone).data ?? 'UTC',
    credential: { googleId },
  }
  return unlessTaken(
    transact((tx) =>
      invite
        ? invitations.acceptAsNewcomer(tx, invite.email_id, newUser, origin)
        : createUser(tx, newUser, { origin, now: clock.now() }),
    ),
  )
}

/** Resolves as the write does; with undefined when a unique key of a user was taken. */
async function unlessTaken<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write
  } catch (error) {
    if (userKeys.some((key) => isUniqueViolation(error, key))) return undefined
    throw error
  }
}
