import { setTimeout as sleep } from 'node:timers/promises'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { currentKey } from '@muster/security/key-ring'
import { macOver } from '@muster/security/mac'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import { readDevice } from '../../http/device-cookie.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { sendSecurityAlert } from '../security-events/security-alert.ts'
import { securityEventDetails } from '../security-events/security-event-details.ts'
import * as queries from './lockout.queries.ts'

/** The kind of secret. Each has failure counters of its own. */
export type SecretKind = 'password' | 'code'

/** The e-mail that a request claims as its own, trimmed and lower-cased, and the user who has it, if there is one. */
export type Claimant = { email: string; user: UserRow | undefined; origin: Origin }

/** An attempt that has begun. The caller ends it by one of these. */
export type Attempt = {
  /** For a correct secret: deletes the failures before it. */
  succeed(): Promise<void>
  /** For a wrong secret, whose failure is counted already: records a lock, and alerts the owner once for each streak. */
  fail(tx: TransactContext): Promise<void>
  /** For a secret that was not checked, e.g. because no core was free: uncounts the attempt. */
  release(): Promise<void>
}

type LockoutDeps = Pick<Deps, 'config' | 'db' | 'clock'>

const rules: queries.LockRules = {
  locksAtFailure: 5,
  firstWaitSeconds: 30,
  maxWaitSeconds: 3_600,
  expiresAfterSeconds: 86_400,
}

/**
 * Begins an attempt at a user's password or code. Call it before checking the secret: it counts the attempt as a failure
 * in advance, so that fifty parallel attempts are still at most five. From the fifth consecutive failure on, each further
 * attempt must wait: 30 s, then twice as long each time, up to 1 h. Unknown e-mails lock alike. A browser on which the
 * user has signed in before has a counter of its own, so that a stranger's failures don't lock the owner out.
 * @throws DomainError ACCOUNT_LOCKED, even when the secret is correct
 */
export async function beginAttempt(
  deps: LockoutDeps,
  { kind, claimant }: { kind: SecretKind; claimant: Claimant },
): Promise<Attempt> {
  const { db, clock } = deps
  const key = keyOf(deps, kind, claimant)
  const now = clock.now()
  const failure = (await queries.countAttempt(db, key, now, rules)) ?? (await waitForAttempt(deps, key))
  return {
    succeed: () => queries.deleteFailures(db, [key]),
    fail: async (tx) => {
      if (failure === 1) await queries.deleteExpired(tx.trx, now, rules)
      await recordLock(tx, { key, kind, claimant, failure, now: clock.now() })
    },
    release: () => queries.uncountAttempt(db, key, failure, rules.locksAtFailure),
  }
}

/** Reads until when attempts of strangers at a user's password and codes are refused; null where they are not. */
export async function readLocks(deps: LockoutDeps, user: UserRow): Promise<Record<SecretKind, Date | null>> {
  const now = deps.clock.now()
  const read = async (kind: SecretKind) => {
    const lock = await queries.findLock(deps.db, keyOf(deps, kind, { email: user.email, user, origin: {} }))
    return lock && lock.lockedUntil > now ? lock.lockedUntil : null
  }
  const [password, code] = await Promise.all([read('password'), read('code')])
  return { password, code }
}

/** How long an attempt waits for the parallel attempts before it; the guard of addresses waits as long. */
const maxWaitMs = 3_000
const retryMs = 100
const maxWaiting = 200
let waiting = 0

/**
 * Waits up to 3 s while the key is locked only by parallel attempts that have not ended: a user who signs in correctly on
 * six devices at once must succeed six times.
 * @returns the number of consecutive failures, including this attempt
 * @throws DomainError ACCOUNT_LOCKED
 */
async function waitForAttempt({ db, clock }: LockoutDeps, key: string): Promise<number> {
  const untilMs = performance.now() + maxWaitMs
  for (;;) {
    const now = clock.now()
    const lock = await queries.findLock(db, key)
    const waitMs = (lock?.lockedUntil ?? now).getTime() - now.getTime()
    if (lock && waitMs > 0) {
      const isUnderWay = lock.lockedByAttemptAt && now.getTime() - lock.lockedByAttemptAt.getTime() < maxWaitMs
      if (!isUnderWay || performance.now() >= untilMs || waiting >= maxWaiting)
        throw new DomainError('ACCOUNT_LOCKED', { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) })
      await pause()
    }
    const failure = await queries.countAttempt(db, key, now, rules)
    if (failure !== undefined) return failure
  }
}

async function pause(): Promise<void> {
  waiting++
  await sleep(retryMs).finally(() => waiting--)
}

/** Deletes the user's password failures, including those of the requesting browser, because the password is a new one. */
export async function resetPasswordFailures(deps: LockoutDeps, tx: TransactContext, claimant: Claimant): Promise<void> {
  const { deviceCookie: _, ...stranger } = claimant.origin
  const keys = [keyOf(deps, 'password', claimant), keyOf(deps, 'password', { ...claimant, origin: stranger })]
  await queries.deleteFailures(tx.trx, keys)
}

type FailedAttempt = { key: string; kind: SecretKind; claimant: Claimant; failure: number; now: Date }

async function recordLock(tx: TransactContext, { key, kind, claimant, failure, now }: FailedAttempt): Promise<void> {
  if (failure < rules.locksAtFailure) return
  if (!(await queries.claimAlert(tx.trx, key, now, rules.locksAtFailure))) return
  const { email, user, origin } = claimant
  tx.audit({
    action: 'auth.account_locked',
    actorId: null,
    targetType: user ? 'user' : 'email',
    targetId: user?.id ?? 'unknown',
    after: { email, kind },
    context: origin,
  })
  if (!user) return
  const data = { ...securityEventDetails(user, origin, now), kind }
  await sendSecurityAlert(tx, user, { template: 'account-locked', data })
}

/**
 * Derives the counter's key, which contains no readable address. A new cookie key restarts all counters, which the
 * passing of a day does anyway.
 */
function keyOf(
  { config }: Pick<Deps, 'config'>,
  kind: SecretKind,
  { email, user, origin }: Pick<Claimant, 'email' | 'user'> & { origin: Partial<Origin> },
): string {
  const ring = config.keys.cookie
  const device = readDevice(ring, origin.deviceCookie)
  const holder = user && device?.userId === user.id ? ['device', device.deviceId] : ['email', email]
  return `${kind}:${macOver(currentKey(ring).key, ['sign-in-failures', ...holder]).toString('base64url')}`
}
