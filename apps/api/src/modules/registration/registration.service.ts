import { DomainError, detailOf } from '@muster/errors'
import { insertMail, isMailCode } from '@muster/mail'
import type { Context } from '../../context.ts'
import type { Origin } from '../../http/actor.ts'
import { addressKey } from '../../http/client-address.ts'
import { claimMailCooldown } from '../../http/limits/mail-cooldown.ts'
import { isUniqueViolation } from '../../sql/unique-violation.ts'
import { findUserByEmail, isUsernameTaken } from '../accounts/accounts.service.ts'
import { toUser } from '../accounts/user-view.ts'
import { usernameTaken } from '../accounts/username-taken.ts'
import { wrongCode } from '../one-time-codes/wrong-code.ts'
import { createUser } from '../organizations/create-user.ts'
import { recordDevice } from '../sessions/known-devices.ts'
import { openSession } from '../sessions/open-session.ts'
import type { SignedIn } from '../sign-in/sign-in-steps.ts'
import * as registrations from './pending-registrations.ts'
import type { Registration } from './registration.schema.ts'

type RegistrationDeps = Pick<
  Context,
  'accessTokens' | 'clock' | 'config' | 'db' | 'guard' | 'passwords' | 'redis' | 'revocations' | 'transact'
>

/**
 * Begins a registration: mails a code to the address, and creates no account yet. For a known address it sends another
 * mail, after the same work and with the same answer.
 * @returns the attempt's secret, for the requester's cookie
 * @throws DomainError REGISTRATION_CLOSED, USERNAME_TAKEN, COOLDOWN, OVERLOADED, DEPENDENCY_UNAVAILABLE
 */
export async function register(deps: RegistrationDeps, input: Registration): Promise<{ attempt: string }> {
  const { config, db, redis, transact, passwords } = deps
  if (!config.isSignupOpen) throw new DomainError('REGISTRATION_CLOSED')
  if (await isUsernameTaken(db, input.username)) throw usernameTaken()
  const releaseCooldown = await claimMailCooldown(redis, 'register', input.email)
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
    await releaseCooldown()
    throw error
  }
}

/**
 * Verifies the e-mail by its code: creates the user, their personal organization and a session.
 * @throws DomainError REGISTRATION_CLOSED, OTP_INVALID, RATE_LIMITED, USERNAME_TAKEN, ALREADY_EXISTS
 */
export async function verifyRegistration(
  deps: RegistrationDeps,
  input: { email: string; otp: string; attempt: string | undefined },
  origin: Origin,
): Promise<SignedIn> {
  const { config, redis, guard } = deps
  if (!config.isSignupOpen) throw new DomainError('REGISTRATION_CLOSED')
  const pending = await guard.attempt('registerVerify', addressKey(origin.ip), ['OTP_INVALID'], async () => {
    const begun = input.attempt ? await registrations.countTry(redis, input.email, input.attempt) : undefined
    const isCorrect =
      begun !== undefined &&
      isMailCode(config.keys.mailCode, { template: 'register-code', emailId: begun.emailId }, input.otp) &&
      !begun.isDecoy
    if (!isCorrect) throw wrongCode('mail', 'otp')
    return begun
  })
  const signedIn = await createAndSignIn(deps, pending, origin)
  await registrations.deletePending(redis, input.email, input.attempt ?? '')
  return signedIn
}

/** Creates the user of a verified registration, and opens their first session. */
async function createAndSignIn(
  deps: RegistrationDeps,
  { username, name, email, timezone, passwordHash }: registrations.PendingRegistration,
  origin: Origin,
): Promise<SignedIn> {
  const { transact, clock } = deps
  const now = clock.now()
  const newUser = { username, name, email, timezone, credential: { passwordHash } }
  return transact(async (tx) => {
    const row = await createUser(tx, newUser, { origin, now })
    const owner = { id: row.id, role: 'client_admin', organizationId: row.organization_id } as const
    const opened = await openSession(deps, tx, owner, { rememberMe: false, origin })
    const device = await recordDevice(deps, tx, row, { origin, now })
    return { requiresTwoFactor: false as const, user: toUser(row, now), grant: { ...opened, device } }
  }).catch(async (error: unknown) => {
    const isTaken = isUniqueViolation(error, 'users_username_key') || isUniqueViolation(error, 'users_email_key')
    if (!isTaken) throw error
    // Checked first: when the code is sent twice at once, the first request takes the username as well as the e-mail.
    if (await findUserByEmail(deps.db, email))
      throw new DomainError('ALREADY_EXISTS', {
        message: 'There is an account with this e-mail. Sign in.',
        details: [detailOf('body.email', 'ALREADY_EXISTS')],
      })
    throw usernameTaken()
  })
}
