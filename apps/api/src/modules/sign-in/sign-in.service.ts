import { DomainError } from '@muster/errors'
import { insertMail, isMailCode } from '@muster/mail'
import type { Context } from '../../context.ts'
import type { Origin } from '../../http/actor.ts'
import { addressKey } from '../../http/client-address.ts'
import { takeMailTurn } from '../../http/mail-cooldowns.ts'
import { isUniqueViolation } from '../../sql/unique-violation.ts'
import { findUserByEmail, isUsernameTaken, replacePasswordHash, type UserRow } from '../accounts/accounts.service.ts'
import { toUser } from '../accounts/user-view.ts'
import { createUser } from '../organizations/create-user.ts'
import { tryPassword } from '../reauthentication/check-password.ts'
import * as registrations from '../registration/pending-registrations.ts'
import { noteDevice } from '../sessions/known-devices.ts'
import { openSession } from '../sessions/open-session.ts'
import type { Login, Registration } from './sign-in.schema.ts'
import type { SignInChallenge } from './sign-in-challenge.ts'
import { beginSignIn, type SignedIn } from './sign-in-steps.ts'

/**
 * Begins a registration: a mail goes to the address, and nothing else exists yet. A known address gets another mail and
 * the caller the same answer, after the same work.
 * @returns the attempt's secret, for the caller's cookie
 * @throws DomainError REGISTRATION_CLOSED, USERNAME_TAKEN, COOLDOWN, OVERLOADED, DEPENDENCY_UNAVAILABLE
 */
export async function register(context: Context, input: Registration): Promise<{ attempt: string }> {
  const { config, db, redis, transact, passwords } = context
  if (!config.isSignupOpen) throw new DomainError('REGISTRATION_CLOSED')
  if (await isUsernameTaken(db, input.username)) throw new DomainError('USERNAME_TAKEN')
  const giveTurnBack = await takeMailTurn(redis, 'register', input.email)
  try {
    const passwordHash = await passwords.hash(input.password)
    const owner = await findUserByEmail(db, input.email)
    const emailId = await transact((tx) =>
      owner
        ? insertMail(tx, {
            template: 'already-registered',
            to: input.email,
            userId: owner.id,
            data: { name: owner.name },
          })
        : insertMail(tx, { template: 'register-code', to: input.email, data: { name: input.name } }),
    )
    const attempt = registrations.newAttempt()
    await registrations.savePending(redis, attempt, {
      username: input.username,
      name: input.name,
      email: input.email,
      timezone: input.timezone ?? 'UTC',
      passwordHash,
      emailId,
      isDecoy: owner !== undefined,
    })
    return { attempt }
  } catch (error) {
    await giveTurnBack()
    throw error
  }
}

/**
 * Proves the e-mail by its code: creates the person, their personal organization and a session.
 * @throws DomainError OTP_INVALID, RATE_LIMITED, USERNAME_TAKEN, ALREADY_EXISTS
 */
export async function verifyRegistration(
  context: Context,
  input: { email: string; otp: string; attempt: string | undefined },
  origin: Origin,
): Promise<SignedIn> {
  const { config, redis, guard } = context
  if (!config.isSignupOpen) throw new DomainError('REGISTRATION_CLOSED')
  const pending = await guard.attempt('registerVerify', addressKey(origin.ip), ['OTP_INVALID'], async () => {
    const begun = input.attempt ? await registrations.takeTry(redis, input.email, input.attempt) : undefined
    const isRight =
      begun !== undefined &&
      isMailCode(config.keys.mailCode, { template: 'register-code', emailId: begun.emailId }, input.otp) &&
      !begun.isDecoy
    if (!isRight) throw new DomainError('OTP_INVALID')
    return begun
  })
  const signedIn = await welcome(context, pending, origin)
  await registrations.dropPending(redis, input.email, input.attempt ?? '')
  return signedIn
}

/**
 * Signs in by password. An unknown e-mail, an account without a password and a wrong password look the same, also by time.
 * @throws DomainError INVALID_CREDENTIALS, ACCOUNT_LOCKED, ACCOUNT_INACTIVE, RATE_LIMITED, OVERLOADED
 */
export async function login(context: Context, input: Login, origin: Origin): Promise<SignedIn | SignInChallenge> {
  const { db, guard } = context
  const { email, password, rememberMe } = input
  const { user, needsRehash } = await guard.attempt(
    'login',
    addressKey(origin.ip),
    ['INVALID_CREDENTIALS'],
    async () => {
      const found = await findUserByEmail(db, email)
      const right = await tryPassword(context, { email, user: found, origin }, { password, use: 'login' })
      if (!found || !right) throw new DomainError('INVALID_CREDENTIALS')
      return { user: found, ...right }
    },
  )
  const current = needsRehash ? await withNewHash(context, user, password) : user
  // Another sign-in renewed the hash first: the password proves itself against that one.
  if (!current) return login(context, input, origin)
  return beginSignIn(context, current, { method: 'password', rememberMe, origin })
}

/** Makes the person of a proven registration, and their first session. */
async function welcome(
  context: Context,
  { username, name, email, timezone, passwordHash }: registrations.PendingRegistration,
  origin: Origin,
): Promise<SignedIn> {
  const { transact, clock } = context
  const now = clock.now()
  const person = { username, name, email, timezone, credential: { passwordHash } }
  return transact(async (tx) => {
    const row = await createUser(tx, person, { origin, now })
    const owner = { id: row.id, role: 'client_admin', organizationId: row.organization_id } as const
    const opened = await openSession(context, tx, owner, { rememberMe: false, origin })
    const device = await noteDevice(context, tx, row, { origin, now })
    return { requiresTwoFactor: false as const, user: toUser(row, now), grant: { ...opened, device } }
  }).catch(async (error: unknown) => {
    const isTaken = isUniqueViolation(error, 'users_username_key') || isUniqueViolation(error, 'users_email_key')
    if (!isTaken) throw error
    // First of all: who sent the code twice at once took the username themselves.
    if (await findUserByEmail(context.db, email))
      throw new DomainError('ALREADY_EXISTS', { message: 'There is an account with this e-mail. Sign in.' })
    throw new DomainError('USERNAME_TAKEN')
  })
}

/** The person with a password hashed as it is done now; undefined when somebody else changed it meanwhile. */
async function withNewHash({ db, passwords }: Context, user: UserRow, password: string): Promise<UserRow | undefined> {
  const to = await passwords.hash(password)
  const isDone = await replacePasswordHash(db, user.id, { from: user.password_hash, to })
  return isDone ? { ...user, password_hash: to } : undefined
}
