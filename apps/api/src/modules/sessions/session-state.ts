import { DomainError, type ErrorCode } from '@muster/errors'
import type { Config } from '../../config.ts'
import type { Context } from '../../context.ts'
import type { Actor } from '../../http/actor.ts'
import type { User } from '../accounts/accounts.schema.ts'
import { getProfile } from '../accounts/own-profile.service.ts'
import { factorClaim } from './session-grant.ts'
import { findWithUser } from './sessions.queries.ts'
import type { SessionState } from './sessions.schema.ts'

type StateDeps = Pick<Context, 'lookups' | 'cache' | 'clock' | 'config'>

/** The state of a visitor who is not signed in. */
export const signedOut = ({ isDemo }: Pick<Config, 'isDemo'>): SessionState => ({
  user: null,
  session: null,
  factorToSetUp: null,
  isDemo,
})

/** Errors that mean that nobody is signed in. Any other one, such as that of a full rate limit, leaves it open. */
const deadSession: ReadonlySet<ErrorCode> = new Set(['UNAUTHENTICATED', 'SESSION_REVOKED', 'ACCOUNT_INACTIVE'])

export const meansSignedOut = (error: unknown): boolean => error instanceof DomainError && deadSession.has(error.code)

/**
 * Reads who is signed in, until when, and whether a second factor must be set up first.
 * @throws DomainError UNAUTHENTICATED when the session or its user has ended in the meantime
 */
export async function readSessionState(deps: StateDeps, actor: Actor): Promise<SessionState & { user: User }> {
  const [row, { user }] = await Promise.all([
    findWithUser(deps.lookups, actor.sessionId),
    getProfile(deps, actor.userId),
  ])
  if (!row || row.revoked_at || !row.is_active) throw new DomainError('UNAUTHENTICATED')
  const { id, created_at: createdAt, expires_at: expiresAt, required_factor: required } = row
  const lacksFactor = factorClaim(row).lacksFactor === true
  return {
    user,
    session: { id, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() },
    factorToSetUp: lacksFactor && required !== 'none' ? (required as 'otp' | 'totp') : null,
    isDemo: deps.config.isDemo,
  }
}
