import { setTimeout as sleep } from 'node:timers/promises'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { currentKey, macOver } from '@muster/security'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import { readDevice } from '../../http/device-cookie.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { happened } from '../security-events/event-details.ts'
import { tellOfSafety } from '../security-events/security-alert.ts'
import * as queries from './lockout.queries.ts'

/** What is guarded; each has counters of its own. */
export type LockKind = 'password' | 'code'

/** Who claims to be somebody: the e-mail that was given, trimmed and lower-cased, and the account that has it, if there is one. */
export type Claimant = { email: string; user: UserRow | undefined; origin: Origin }

export type Try = {
  /** The secret was right: the failures before it are forgotten. */
  succeed(): Promise<void>
  /** The secret was wrong. The failure counts already; this records a lock and tells the owner of it, once a streak. */
  fail(tx: TransactContext): Promise<void>
  /** The secret was never looked at, e.g. for want of a free core: the try counts no more. */
  giveBack(): Promise<void>
}

type LockDeps = Pick<Deps, 'config' | 'db' | 'clock'>

const rules: queries.LockRules = {
  locksAtFailure: 5,
  firstWaitSeconds: 30,
  maxWaitSeconds: 3_600,
  forgetAfterSeconds: 86_400,
}

/**
 * Takes a try at somebody's password or code, to be called before the secret is looked at: the try counts as a failure
 * from now on, so that fifty at once are not more than five. From the fifth consecutive failure each further try waits
 * 30 s, then twice as long each time, at most 1 h. Unknown e-mails lock alike. A browser on which the person signed in
 * before counts by itself, so that a stranger's failures don't lock the owner out.
 * @throws DomainError ACCOUNT_LOCKED, also when the secret would be right
 */
export async function takeTry(deps: LockDeps, { kind, who }: { kind: LockKind; who: Claimant }): Promise<Try> {
  const { db, clock } = deps
  const key = keyOf(deps, kind, who)
  const now = clock.now()
  const failure = (await queries.takeTry(db, key, now, rules)) ?? (await waitForTry(deps, key))
  return {
    succeed: () => queries.forget(db, [key]),
    fail: async (tx) => {
      if (failure === 1) await queries.forgetOld(tx.trx, now, rules)
      await tellOfLock(tx, { key, kind, who, failure, now: clock.now() })
    },
    giveBack: () => queries.giveTryBack(db, key, failure, rules.locksAtFailure),
  }
}

/** As long as a try waits for those before it; see the guard of addresses. */
const maxWaitMs = 3_000
const retryMs = 100
const maxWaiting = 200
let waiting = 0

/**
 * Waits, for at most 3 s, while the key is locked only by tries that are still under way: somebody who signs in on six
 * devices at once is right six times.
 * @returns which consecutive failure the try would be
 * @throws DomainError ACCOUNT_LOCKED
 */
async function waitForTry({ db, clock }: LockDeps, key: string): Promise<number> {
  const untilMs = performance.now() + maxWaitMs
  for (;;) {
    const now = clock.now()
    const lock = await queries.findLock(db, key)
    const waitMs = (lock?.lockedUntil ?? now).getTime() - now.getTime()
    if (lock && waitMs > 0) {
      const isUnderWay = lock.lockedByTryAt && now.getTime() - lock.lockedByTryAt.getTime() < maxWaitMs
      if (!isUnderWay || performance.now() >= untilMs || waiting >= maxWaiting)
        throw new DomainError('ACCOUNT_LOCKED', { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) })
      await pause()
    }
    const failure = await queries.takeTry(db, key, now, rules)
    if (failure !== undefined) return failure
  }
}

async function pause(): Promise<void> {
  waiting++
  await sleep(retryMs).finally(() => waiting--)
}

/** Forgets the failures at the person's password, also those of the browser that asks: it has a new one. */
export async function forgetPasswordFailures(deps: LockDeps, tx: TransactContext, who: Claimant): Promise<void> {
  const { deviceCookie: _, ...stranger } = who.origin
  await queries.forget(tx.trx, [keyOf(deps, 'password', who), keyOf(deps, 'password', { ...who, origin: stranger })])
}

async function tellOfLock(
  tx: TransactContext,
  { key, kind, who, failure, now }: { key: string; kind: LockKind; who: Claimant; failure: number; now: Date },
): Promise<void> {
  if (failure < rules.locksAtFailure) return
  if (!(await queries.claimTelling(tx.trx, key, now, rules.locksAtFailure))) return
  const { email, user, origin } = who
  tx.audit({
    action: 'auth.account_locked',
    actorId: null,
    targetType: user ? 'user' : 'email',
    targetId: user?.id ?? 'unknown',
    after: { email, kind },
    context: origin,
  })
  if (!user) return
  await tellOfSafety(tx, user, { template: 'account-locked', data: { ...happened(user, origin, now), kind } })
}

/** No address stands in the key. A new cookie key begins all counters anew, which a day would do as well. */
function keyOf({ config }: Pick<Deps, 'config'>, kind: LockKind, { email, user, origin }: Claimant): string {
  const ring = config.keys.cookie
  const device = readDevice(ring, origin.deviceCookie)
  const whose = user && device?.userId === user.id ? ['device', device.deviceId] : ['email', email]
  return `${kind}:${macOver(currentKey(ring).key, ['sign-in-failures', ...whose]).toString('base64url')}`
}
