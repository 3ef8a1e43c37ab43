import { newId } from '@muster/db'
import { DomainError } from '@muster/errors'
import { displayEmailAddress } from '@muster/identifiers'
import { describeTotp, newTotpSecret } from '@muster/security/totp'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { lockUser, type UserRow } from '../accounts/accounts.service.ts'
import { type CorrectCode, checkCode } from '../one-time-codes/check-code.ts'
import { checkOneTimeCode, mailOneTimeCode } from '../one-time-codes/one-time-codes.service.ts'
import type { PasswordDeps } from '../reauthentication/check-password.ts'
import {
  type Confirmation,
  findActor,
  reauthenticate,
  reauthenticateUnlessRecent,
} from '../reauthentication/reauthenticate.ts'
import { changeFactor } from './change-factor.ts'
import { packSecrets } from './pending-secrets.ts'
import { qrCodeDataUrl } from './qr-code.ts'
import { type FactorConfirmation, reauthenticateWithFactor } from './reauthenticate-with-factor.ts'
import { createRecoveryCodes } from './recovery-codes.ts'
import { findSecretOfCode, sealSecret, unsealPending } from './totp-secrets.ts'
import * as queries from './two-factor.queries.ts'
import type { TwoFactorState } from './two-factor.schema.ts'

export type TwoFactorDeps = PasswordDeps & Pick<Deps, 'cache'>

/** The name that authenticator apps show. */
const issuer = 'Muster'
/** How long a set-up can be confirmed. */
const setupTtlMs = 15 * 60_000

const pendingSince = (now: Date) => new Date(now.getTime() - setupTtlMs)

/** Returns the actor's second factor, the one that their organization requires, and how many recovery codes are left. */
export async function getState({ db }: Pick<Deps, 'db'>, actor: Actor): Promise<TwoFactorState> {
  const [user, requiredMethod, recoveryCodesLeft] = await Promise.all([
    findActor({ db }, actor),
    queries.findRequiredMethod(db, actor.userId),
    queries.countRecoveryCodes(db, actor.userId),
  ])
  return { method: methodOf(user), requiredMethod, recoveryCodesLeft }
}

/** Returns a user's second factor, and since when their app is in use; null without one. */
export async function getFactorsOf({ db }: Pick<Deps, 'db'>, user: UserRow) {
  const [requiredMethod, recoveryCodesLeft, totp] = await Promise.all([
    queries.findRequiredMethod(db, user.id),
    queries.countRecoveryCodes(db, user.id),
    queries.findTotp(db, user.id),
  ])
  return { method: methodOf(user), requiredMethod, recoveryCodesLeft, appSince: totp?.confirmed_at ?? null }
}

export type TotpSetup = { secret: string; otpauthUrl: string; qrCode: string }

/**
 * Begins the set-up of an authenticator app, which takes effect when {@link confirmTotp} gets its first code. It can
 * replace an app in use, e.g. by that of a new phone. Set-ups that run in other tabs stay valid; the first one confirmed
 * ends the others.
 * @param confirmation with `code` when an app is in use; else as for reauthenticateUnlessRecent
 * @throws DomainError CONFLICT when an app is in use and `code` is missing, and what reauthenticateWithFactor and
 *   reauthenticateUnlessRecent throw
 */
export async function setUpTotp(
  deps: TwoFactorDeps,
  actor: Actor,
  confirmation: Partial<FactorConfirmation>,
  origin: Origin,
): Promise<TotpSetup> {
  const { transact, clock } = deps
  const { user, correctCode } = await reauthenticateForSetup(deps, actor, confirmation, origin)
  const secret = newTotpSecret()
  const described = describeTotp(secret, { issuer, label: displayEmailAddress(user.email) })
  const qrCode = qrCodeDataUrl(described.otpauthUrl)
  await transact(async (tx) => {
    // Of two parallel set-ups, the second one must see the first.
    await lockUser(tx.trx, user.id)
    await correctCode?.use(tx)
    const startedAt = clock.now()
    const since = pendingSince(startedAt)
    const before = await queries.findPendingTotp(tx.trx, user.id, since)
    const packed = packSecrets([{ secret, startedAt }, ...(before ? unsealPending(deps, before, since) : [])])
    const row = { id: newId(), user_id: user.id, ...sealSecret(deps, user.id, packed), created_at: startedAt }
    await queries.putPendingTotp(tx.trx, row)
  })
  return { ...described, qrCode }
}

async function reauthenticateForSetup(
  deps: TwoFactorDeps,
  actor: Actor,
  { code, password, confirmationCode }: Partial<FactorConfirmation>,
  origin: Origin,
): Promise<{ user: UserRow; correctCode?: CorrectCode }> {
  const { two_factor_method: method } = await findActor(deps, actor)
  if (method !== 'totp') {
    const confirmation = { password, code: confirmationCode, codeField: 'confirmationCode' }
    return { user: await reauthenticateUnlessRecent(deps, actor, confirmation, origin) }
  }
  if (code !== undefined) return reauthenticateWithFactor(deps, actor, { password, confirmationCode, code }, origin)
  throw new DomainError('CONFLICT', {
    message: 'An app is in use. To replace it, send the password and a code of it, or a recovery code.',
  })
}

/**
 * Turns the app on by its first code. It replaces the second factor that was on before.
 * @returns ten recovery codes, which are never shown again; the previous ones no longer work
 * @throws DomainError CONFLICT when no set-up is pending, OTP_INVALID, ACCOUNT_LOCKED
 */
export async function confirmTotp(deps: TwoFactorDeps, actor: Actor, code: string, origin: Origin): Promise<string[]> {
  const { db, clock } = deps
  const user = await findActor(deps, actor)
  const since = pendingSince(clock.now())
  const pending = await queries.findPendingTotp(db, user.id, since)
  if (!pending) throw new DomainError('CONFLICT', { message: 'No app is being set up. Begin again.' })
  const { secret, step } = await checkCode(deps, { user, origin, use: 'enable-totp', source: 'app' }, async () =>
    findSecretOfCode(unsealPending(deps, pending, since), code, clock.now()),
  )
  const { recoveryCodes, store } = createRecoveryCodes()
  const from = methodOf(user)
  const change = { from, to: 'totp', action: 'auth.two_factor_enabled', change: 'totp-on', origin } as const
  await changeFactor(deps, user, change, async ({ trx }, now) => {
    const confirmed = { ...sealSecret(deps, user.id, secret), step, now }
    if (!(await queries.confirmTotp(trx, user.id, confirmed))) throw new DomainError('CONFLICT')
    await store(trx, user.id, now)
  })
  return recoveryCodes
}

/**
 * Mails the code that turns the mailed factor on.
 * @throws DomainError CONFLICT when a factor is on (an app is the stronger one, and must be turned off first), COOLDOWN,
 *   and what reauthenticateUnlessRecent throws
 */
export async function enableOtp(
  deps: TwoFactorDeps,
  actor: Actor,
  confirmation: Confirmation,
  origin: Origin,
): Promise<void> {
  assertNoFactor(await findActor(deps, actor))
  const user = await reauthenticateUnlessRecent(deps, actor, confirmation, origin)
  await mailOneTimeCode(deps, user, 'enable-otp')
}

/** Turns the mailed factor on. @throws DomainError CONFLICT when a factor is on, OTP_INVALID, ACCOUNT_LOCKED */
export async function confirmOtp(deps: TwoFactorDeps, actor: Actor, code: string, origin: Origin): Promise<void> {
  const user = await findActor(deps, actor)
  assertNoFactor(user)
  const correctCode = await checkOneTimeCode(deps, user, { purpose: 'enable-otp', code, origin })
  const change = { from: 'none', to: 'otp', action: 'auth.two_factor_enabled', change: 'otp-on', origin } as const
  await changeFactor(deps, user, change, (tx) => correctCode.use(tx))
}

/**
 * Creates ten new recovery codes; the previous ones no longer work.
 * @throws DomainError CONFLICT without an app, and what reauthenticate throws
 */
export async function renewRecoveryCodes(
  deps: TwoFactorDeps,
  actor: Actor,
  confirmation: Confirmation,
  origin: Origin,
): Promise<string[]> {
  const user = await findActor(deps, actor)
  if (user.two_factor_method !== 'totp')
    throw new DomainError('CONFLICT', { message: 'Recovery codes require an authenticator app, and none is on.' })
  await reauthenticate(deps, actor, confirmation, origin)
  const { recoveryCodes, store } = createRecoveryCodes()
  const action = 'auth.recovery_codes_renewed'
  const change = { from: 'totp', to: 'totp', action, change: 'recovery-codes', origin } as const
  await changeFactor(deps, user, change, ({ trx }, now) => store(trx, user.id, now))
  return recoveryCodes
}

/**
 * Turns the second factor off.
 * @throws DomainError FORBIDDEN when the organization requires one, CONFLICT when none is on, and what
 *   reauthenticateWithFactor throws
 */
export async function disable(
  deps: TwoFactorDeps,
  actor: Actor,
  confirmation: FactorConfirmation,
  origin: Origin,
): Promise<void> {
  if ((await queries.findRequiredMethod(deps.db, actor.userId)) !== 'none')
    throw new DomainError('FORBIDDEN', { message: 'Your organization requires a second factor.' })
  const { user, correctCode } = await reauthenticateWithFactor(deps, actor, confirmation, origin)
  const from = methodOf(user)
  const change = { from, to: 'none', action: 'auth.two_factor_disabled', change: 'off', origin } as const
  await changeFactor(deps, user, change, async (tx, now) => {
    await correctCode.use(tx)
    await queries.deleteTotp(tx.trx, user.id)
    await queries.replaceRecoveryCodes(tx.trx, user.id, [], now)
  })
}

function assertNoFactor({ two_factor_method: method }: UserRow): void {
  if (method === 'otp') throw new DomainError('CONFLICT', { message: 'The mailed code is already on.' })
  if (method === 'totp')
    throw new DomainError('CONFLICT', { message: 'An authenticator app is on, which is the stronger factor.' })
}

const methodOf = (user: UserRow) => user.two_factor_method as queries.FactorMethod
