import { DomainError } from '@muster/errors'
import { notify } from '@muster/notifications'
import type { Context } from '../../../context.ts'
import type { Actor, Origin } from '../../../http/actor.ts'
import { lockUser, type UserRow, unlinkGoogle } from '../../accounts/accounts.service.ts'
import { readInvitation } from '../../invites/acceptance.ts'
import * as challengesQueries from '../../one-time-codes/challenges.queries.ts'
import { type Confirmation, confirmUnlessRecent } from '../../reauthentication/reauthenticate.ts'
import { beginSignIn } from '../sign-in-steps.ts'
import type { Identity } from './claims.ts'
import { type Flow, flowTtlSeconds } from './flow-cookie.ts'
import type { Begin } from './google.schema.ts'
import { GoogleError, type GoogleErrorCode, googleErrorCode } from './google-errors.ts'
import { type Issuer, newFlowSecrets } from './issuer.ts'
import { personOf } from './link-account.ts'

/** Failures that say something about the person, and so are recorded. */
const refusals: ReadonlySet<GoogleErrorCode> = new Set([
  'account_inactive',
  'already_linked',
  'email_unverified',
  'invite_invalid',
  'invite_refused',
  'registration_closed',
])

/**
 * Begins a way to the issuer and back.
 * @returns where to send the browser, and what it must bring back
 * @throws GoogleError unavailable
 */
export async function beginFlow(
  { clock }: Pick<Context, 'clock'>,
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
 * Signs in whom the issuer vouches for, creating or linking their account where there is none. A flow that began with an
 * invitation accepts it: for a new account as it is made, else with the last step of the sign-in.
 * @param callback the whole address at which the browser came back
 * @param flow what this browser began; undefined when it began nothing
 * @throws GoogleError all but not_configured; DomainError ACCOUNT_INACTIVE, REGISTRATION_CLOSED, OVERLOADED; with an
 *   invitation INVITE_INVALID, ALREADY_EXISTS, ROLE_NOT_ALLOWED, LAST_ADMIN
 */
export async function finishFlow(
  context: Context,
  issuer: Issuer,
  { callback, flow }: { callback: URL; flow: Flow | undefined },
  origin: Origin,
) {
  if (!flow || callback.searchParams.get('state') !== flow.state || !(await useOnce(context, flow))) {
    throw new GoogleError('flow_invalid')
  }
  const identity = await issuer.identify(callback, flow)
  let row: UserRow | undefined
  try {
    const invite = flow.inviteToken === undefined ? undefined : await readInvitation(context, flow.inviteToken)
    row = await personOf(context, identity, { invite, origin })
    const { rememberMe } = flow
    return await beginSignIn(context, row, { method: 'google', rememberMe, origin, inviteMailId: invite?.email_id })
  } catch (error) {
    const reason = googleErrorCode(error)
    if (refusals.has(reason)) await recordRefusal(context, { row, identity, reason }, origin)
    throw error
  }
}

/**
 * Takes the Google account off the caller's account.
 * @throws DomainError NOT_FOUND when there is none; CONFLICT when nothing would be left to sign in with; what
 *   confirmUnlessRecent throws
 */
export async function unlink(
  context: Context,
  actor: Actor,
  confirmation: Confirmation,
  origin: Origin,
): Promise<void> {
  await confirmUnlessRecent(context, actor, confirmation, origin)
  const now = context.clock.now()
  await context.transact(async (tx) => {
    const row = await lockUser(tx.trx, actor.userId)
    if (!row?.google_id) throw new DomainError('NOT_FOUND', { message: 'No Google account is linked.' })
    if (row.password_hash === null) {
      throw new DomainError('CONFLICT', { message: 'Set a password first, or you could not sign in any more.' })
    }
    await unlinkGoogle(context, tx, row.id, now)
    // A sign-in that Google began may be waiting for its second step.
    await challengesQueries.endAll(tx.trx, row.id, now)
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
  message: 'Your Google account is no longer linked. If it wasn’t you who unlinked it, change your password.',
}

/**
 * Takes the flow. Its cookie is gone from the browser after the first time; this holds against a copy of it too, also at
 * an issuer that hands out another code or redeems one twice. Without Redis the issuer alone decides.
 */
async function useOnce({ redis }: Pick<Context, 'redis'>, { state }: Flow): Promise<boolean> {
  const set = await redis.attempt((client) => client.set(`oidc:used:${state}`, '1', 'EX', flowTtlSeconds, 'NX'), 'OK')
  return set === 'OK'
}

function recordRefusal(
  { transact }: Pick<Context, 'transact'>,
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
