import { newId } from '@muster/db'
import { DomainError } from '@muster/errors'
import { describeTotp, hashRecoveryCode, newRecoveryCodes, newTotpSecret } from '@muster/security'
import QRCode from 'qrcode'
import type { Context } from '../../context.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { lockUser, type UserRow } from '../accounts/accounts.service.ts'
import { checkProofCode, mailProofCode, type RightCode } from '../one-time-codes/mailed-codes.ts'
import { tryCode } from '../one-time-codes/try-code.ts'
import { type Confirmation, confirmPerson, confirmUnlessRecent, personOf } from '../reauthentication/reauthenticate.ts'
import { changeFactor } from './change-factor.ts'
import { packSecrets } from './pending-secrets.ts'
import { type OwnerProof, proveOwner } from './prove-owner.ts'
import { matchPending, readPending, sealSecret } from './totp-codes.ts'
import * as queries from './two-factor.queries.ts'

/** As authenticator apps name it. */
const issuer = 'Muster'
/** A secret that nobody confirms in this time is worth nothing. */
const setupTtlMs = 15 * 60_000

const pendingSince = (now: Date) => new Date(now.getTime() - setupTtlMs)

export type TotpSetup = { secret: string; otpauthUrl: string; qrCode: string }

/**
 * Begins to set up an authenticator app. A setup that was begun before, e.g. in another tab, stays good beside it; the
 * first that is confirmed ends the others. Nothing changes until the app's first code was confirmed. An app in use is replaced, e.g. by that of a new phone, by who proves to be its owner.
 * @param proof with a code when an app is in use; else what confirmUnlessRecent needs
 * @throws DomainError CONFLICT when an app is in use and no code is given, and what proveOwner and confirmUnlessRecent throw
 */
export async function setUpTotp(
  context: Context,
  actor: Actor,
  proof: Partial<OwnerProof>,
  origin: Origin,
): Promise<TotpSetup> {
  const { transact, clock } = context
  const { user, right } = await proveForSetup(context, actor, proof, origin)
  const secret = newTotpSecret()
  const described = describeTotp(secret, { issuer, label: user.email })
  const qrCode = await QRCode.toDataURL(described.otpauthUrl, { errorCorrectionLevel: 'M' })
  await transact(async (tx) => {
    // Of two setups at once, the second sees the first.
    await lockUser(tx.trx, user.id)
    await right?.use(tx)
    const startedAt = clock.now()
    const since = pendingSince(startedAt)
    const before = await queries.findPendingTotp(tx.trx, user.id, since)
    const packed = packSecrets([{ secret, startedAt }, ...(before ? readPending(context, before, since) : [])])
    const row = { id: newId(), user_id: user.id, ...sealSecret(context, user.id, packed), created_at: startedAt }
    await queries.putPendingTotp(tx.trx, row)
  })
  return { ...described, qrCode }
}

async function proveForSetup(
  context: Context,
  actor: Actor,
  { code, ...proof }: Partial<OwnerProof>,
  origin: Origin,
): Promise<{ user: UserRow; right?: RightCode }> {
  const { two_factor_method: method } = await personOf(context, actor)
  if (method !== 'totp') {
    const confirmation = { password: proof.password, code: proof.confirmationCode }
    return { user: await confirmUnlessRecent(context, actor, confirmation, origin) }
  }
  if (code !== undefined) return proveOwner(context, actor, { ...proof, code }, origin)
  throw new DomainError('CONFLICT', {
    message: 'An app is in use. To replace it, send the password and a code of it, or a recovery code.',
  })
}

/**
 * Turns the app on by its first code, in place of whatever was on before.
 * @returns ten recovery codes, never shown again; those before are worth nothing
 * @throws DomainError CONFLICT when nothing is being set up, OTP_INVALID, ACCOUNT_LOCKED
 */
export async function confirmTotp(context: Context, actor: Actor, code: string, origin: Origin): Promise<string[]> {
  const { db, clock } = context
  const user = await personOf(context, actor)
  const since = pendingSince(clock.now())
  const pending = await queries.findPendingTotp(db, user.id, since)
  if (!pending) throw new DomainError('CONFLICT', { message: 'No app is being set up. Begin again.' })
  const { secret, step } = await tryCode(context, { user, origin, use: 'enable-totp' }, async () =>
    matchPending(readPending(context, pending, since), code, clock.now()),
  )
  const recoveryCodes = newRecoveryCodes()
  const from = methodOf(user)
  const change = { from, to: 'totp', action: 'auth.two_factor_enabled', change: 'totp-on', origin } as const
  await changeFactor(context, user, change, async ({ trx }, now) => {
    const confirmed = { ...sealSecret(context, user.id, secret), step, now }
    if (!(await queries.confirmTotp(trx, user.id, confirmed))) throw new DomainError('CONFLICT')
    await queries.replaceRecoveryCodes(trx, user.id, hashesOf(recoveryCodes), now)
  })
  return recoveryCodes
}

/**
 * Mails the code that turns the mailed factor on.
 * @throws DomainError CONFLICT when a factor is on: an app is the stronger one, and is turned off first; COOLDOWN; what
 *   confirmUnlessRecent throws
 */
export async function enableOtp(
  context: Context,
  actor: Actor,
  confirmation: Confirmation,
  origin: Origin,
): Promise<void> {
  refuseSecondFactor(await personOf(context, actor))
  const user = await confirmUnlessRecent(context, actor, confirmation, origin)
  await mailProofCode(context, user, 'enable-otp')
}

/** Turns the mailed factor on. @throws DomainError CONFLICT when a factor is on, OTP_INVALID, ACCOUNT_LOCKED */
export async function confirmOtp(context: Context, actor: Actor, code: string, origin: Origin): Promise<void> {
  const user = await personOf(context, actor)
  refuseSecondFactor(user)
  const right = await checkProofCode(context, user, { purpose: 'enable-otp', code, origin })
  const change = { from: 'none', to: 'otp', action: 'auth.two_factor_enabled', change: 'otp-on', origin } as const
  await changeFactor(context, user, change, (tx) => right.use(tx))
}

/**
 * Makes ten new recovery codes; those before are worth nothing.
 * @throws DomainError CONFLICT without an app, and what confirmPerson throws
 */
export async function renewRecoveryCodes(
  context: Context,
  actor: Actor,
  confirmation: Confirmation,
  origin: Origin,
): Promise<string[]> {
  const user = await personOf(context, actor)
  if (user.two_factor_method !== 'totp')
    throw new DomainError('CONFLICT', { message: 'Recovery codes belong to an authenticator app, and none is on.' })
  await confirmPerson(context, actor, confirmation, origin)
  const recoveryCodes = newRecoveryCodes()
  const action = 'auth.recovery_codes_renewed'
  const change = { from: 'totp', to: 'totp', action, change: 'recovery-codes', origin } as const
  await changeFactor(context, user, change, ({ trx }, now) =>
    queries.replaceRecoveryCodes(trx, user.id, hashesOf(recoveryCodes), now),
  )
  return recoveryCodes
}

/**
 * Turns the second factor off.
 * @throws DomainError FORBIDDEN when the organization requires one, CONFLICT when none is on, and what proveOwner throws
 */
export async function disable(context: Context, actor: Actor, proof: OwnerProof, origin: Origin): Promise<void> {
  if ((await queries.findRequiredMethod(context.db, actor.userId)) !== 'none')
    throw new DomainError('FORBIDDEN', { message: 'Your organization requires a second factor.' })
  const { user, right } = await proveOwner(context, actor, proof, origin)
  const from = methodOf(user)
  const change = { from, to: 'none', action: 'auth.two_factor_disabled', change: 'off', origin } as const
  await changeFactor(context, user, change, async (tx, now) => {
    await right.use(tx)
    await queries.deleteTotp(tx.trx, user.id)
    await queries.replaceRecoveryCodes(tx.trx, user.id, [], now)
  })
}

function refuseSecondFactor({ two_factor_method: method }: UserRow): void {
  if (method === 'otp') throw new DomainError('CONFLICT', { message: 'The code by mail is on already.' })
  if (method === 'totp')
    throw new DomainError('CONFLICT', { message: 'An authenticator app is on, which is the stronger factor.' })
}

const methodOf = (user: UserRow) => user.two_factor_method as queries.FactorMethod

const hashesOf = (codes: readonly string[]) => codes.map((code) => hashRecoveryCode(code) as Buffer)
