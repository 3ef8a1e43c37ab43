import { DomainError } from '@muster/errors'
import { notify } from '@muster/notifications'
import type { Deps } from '../../../deps.ts'
import type { Actor, Origin } from '../../../http/actor.ts'
import { lockUser, type UserRow, unlinkGoogle } from '../../accounts/accounts.service.ts'
import { endChallenges } from '../../one-time-codes/one-time-codes.service.ts'
import { type Confirmation, reauthenticateUnlessRecent } from '../../reauthentication/reauthenticate.ts'
import type { SignInDeps } from '../sign-in-options.ts'
import { beginSignIn } from '../sign-in-steps.ts'
import type { Identity } from './claims.ts'
import { type Flow, flowTtlSeconds } from './flow-cookie.ts'
import type { Begin } from './google.schema.ts'
import { GoogleError, type GoogleErrorCode, googleErrorCode } from './google-errors.ts'
import { type Issuer, newFlowSecrets } from './issuer.ts'
import { linkAccount } from './link-account.ts'

/** Failures that are recorded, because they concern the account of a verified identity. */
const recordedFailures: ReadonlySet<GoogleErrorCode> = new Set([
  'account_inactive',
  'already_linked',
  'email_unverified',
  'invite_invalid',
  'invite_refused',
  'registration_closed',
])

/**
 * Begins an authorization flow with the issuer.
 * @returns the address to send the browser to, and the flow, which the browser keeps
 * @throws GoogleError unavailable
 */
export async function beginFlow(
  { clock }: Pick<Deps, 'clock'>,
  issuer: Issuer,
  { inviteToken, rememberMe }: Begin,
): Promise<{ url: URL; flow: Flow }> {
  const flow: Flow = {
    ...newFlowSecrets(),
    ...(inviteToken !== undefined && { inviteToken }),
    rememberMe,
    startedAtMs: clock.now().getTime(),
  }
  return { url: await issuer.authorizationUrl(flow), flow }
}

/**
 * Signs in the user of the identity that the issuer verifies. Links or creates their account where there is none. A flow
 * that began with an invitation accepts it: for a new account at its creation, else with the last step of the sign-in.
 * @param callback the whole address at which the browser came back
 * @param flow the flow that this browser began; undefined when it began none
 * @throws GoogleError all but not_configured; DomainError ACCOUNT_INACTIVE, REGISTRATION_CLOSED, OVERLOADED; with an
 *   invitation INVITE_INVALID, ALREADY_EXISTS, ROLE_NOT_ALLOWED, LAST_ADMIN
 */
export async function finishFlow(
  deps: SignInDeps,
  issuer: Issuer,
  { callback, flow }: { callback: URL; flow: Flow | undefined },
  origin: Origin,
) {
  if (!flow || callback.searchParams.get('state') !== flow.state || !(await useOnce(deps, flow))) {
    throw new GoogleError('flow_invalid')
  }
  const identity = await issuer.identify(callback, flow)
  let row: UserRow | undefined
  try {
    const invite = flow.inviteToken === undefined ? undefined : await deps.invitations.read(flow.inviteToken)
    row = await linkAccount(deps, identity, { invite, origin })
    const { rememberMe } = flow
    return await beginSignIn(deps, row, { method: 'google', rememberMe, origin, inviteMailId: invite?.email_id })
  } catch (error) {
    const reason = googleErrorCode(error)
    if (recordedFailures.has(reason)) await recordFailure(deps, { row, identity, reason }, origin)
    throw error
  }
}

/**
 * Unlinks the Google account of the actor.
 * @throws DomainError NOT_FOUND when none is linked; CONFLICT when the actor could no longer sign in; and what
 *   reauthenticateUnlessRecent throws
 */
export async function unlink(
  deps: Pick<SignInDeps, 'cache' | 'clock' | 'config' | 'db' | 'passwords' | 'transact'>,
  actor: Actor,
  confirmation: Confirmation,
  origin: Origin,
): Promise<void> {
  await reauthenticateUnlessRecent(deps, actor, confirmation, origin)
  const now = deps.clock.now()
  await deps.transact(async (tx) => {
    const row = await lockUser(tx.trx, actor.userId)
    if (!row?.google_id) throw new DomainError('NOT_FOUND', { message: 'No Google account is linked.' })
    if (row.password_hash === null) {
      throw new DomainError('CONFLICT', { message: 'Set a password first. Without one you could no longer sign in.' })
    }
    await unlinkGoogle(deps, tx, row.id, now)
    // A sign-in by Google may be waiting for its second step.
    await endChallenges(tx.trx, row.id, now)
    await notify(tx, { userId: row.id, ...unlinkedNotice, now })
    tx.audit({
      action: 'user.google_unlinked',
      actorId: row.id,
      targetType: 'user',
      targetId: row.id,
      before: { googleId: row.google_id },
      after: { googleId: null },
      context: origin,
    })
  })
}

const unlinkedNotice = {
  type: 'security' as const,
  title: 'Google unlinked',
  data: { event: 'googleUnlinked' as const },
  message: 'Your Google account is no longer linked. If it wasn’t you who unlinked it, change your password.',
}

/**
 * Marks the flow as used, and returns false when it was used before. The browser loses the flow's cookie at the first use;
 * this check also stops a copy of the cookie, even at an issuer that issues another code or redeems one twice. Without
 * Redis the issuer alone decides.
 */
async function useOnce({ redis }: Pick<Deps, 'redis'>, { state }: Flow): Promise<boolean> {
  const set = await redis.attempt((client) => client.set(`oidc:used:${state}`, '1', 'EX', flowTtlSeconds, 'NX'), 'OK')
  return set === 'OK'
}

function recordFailure(
  { transact }: Pick<Deps, 'transact'>,
  { row, identity, reason }: { row: UserRow | undefined; identity: Identity; reason: GoogleErrorCode },
  origin: Origin,
): Promise<void> {
  return transact(async ({ audit }) => {
    audit({
      action: 'auth.login_failed',
      actorId: null,
      targetType: row ? 'user' : 'email',
      targetId: row?.id ?? 'unknown',
      after: { method: 'google', email: identity.verifiedEmail ?? null, reason },
      context: origin,
    })
  })
}
