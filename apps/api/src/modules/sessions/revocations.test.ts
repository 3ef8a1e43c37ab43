import { setImmediate } from 'node:timers/promises'
import { eventually, manualClock } from '@muster/testing'
import { type Kysely, sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps, type Deps } from '../../deps.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

const secondMs = 1_000
const minuteMs = 60 * secondMs

const clock = manualClock()
let api: TestApp
/** A second instance, whose polls can be blocked and read a database clock that the test sets. */
let other: { app: Awaited<ReturnType<typeof buildApp>>; deps: Deps; close(): Promise<void> }

/**
 * Replaces the clock of the database by one that the test sets, and that blocks while the test holds the lock. So a test
 * simulates a stall of a minute within a second.
 */
const movableClock = `
  create schema moved;
  create table moved.clock (by interval not null);
  insert into moved.clock values ('0');
  grant usage on schema moved to public;
  create function moved.clock_timestamp() returns timestamptz language sql volatile as
    'select pg_catalog.clock_timestamp() + by from moved.clock';
  create function moved.now() returns timestamptz language plpgsql volatile as
    $$ begin perform pg_advisory_xact_lock_shared(1); return moved.clock_timestamp(); end $$;`

beforeAll(async () => {
  api = await buildTestApp({ clock })
  await sql.raw(movableClock).execute(api.db)
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(api.db)
  await sql.raw(`alter database ${rows[0]?.name} set search_path = moved, pg_catalog, public`).execute(api.db)
  const { close: closeDeps, ...deps } = createDeps(api.deps.config, api.deps.log, clock)
  const app = await buildApp(deps)
  other = { app, deps, close: () => app.close().then(closeDeps) }
  await fresh()
})
afterAll(async () => {
  await other.close()
  await api.close()
})
afterEach(() => {
  vi.restoreAllMocks()
})

const fresh = () => eventually(() => expect(other.deps.revocations.isFresh()).toBe(true))
const moveClock = (ms: number) =>
  sql`update moved.clock set by = by + make_interval(secs => ${ms / secondMs})`.execute(api.db)
const end = (db: Kysely<never> | TestApp['db'], { sessionId }: TestUser) =>
  sql`update sessions set revoked_at = moved.clock_timestamp(), revoked_reason = 'logout', changed_at = moved.clock_timestamp()
    where id = ${sessionId}`.execute(db)
const ask = (user: TestUser) =>
  other.app.inject({ url: '/api/v1/users/me', cookies: { muster_at: user.cookies.get('muster_at') as string } })
const isRefused = (user: TestUser) =>
  eventually(async () => expect((await ask(user)).json().error?.code).toBe('SESSION_REVOKED'))

/** Runs `work` while the polls of the second instance are blocked, and after it has noticed. */
const duringStall = (work: () => Promise<unknown>) =>
  api.db.connection().execute(async (held) => {
    await sql`select pg_advisory_lock(1)`.execute(held)
    try {
      await eventually(() => expect(other.deps.revocations.isFresh()).toBe(false))
      await work()
    } finally {
      await sql`select pg_advisory_unlock(1)`.execute(held)
    }
  })

async function someone(): Promise<TestUser> {
  const user = await api.signUp()
  await fresh()
  expect((await ask(user)).statusCode).toBe(200)
  return user
}

test.for([
  { after: 'a minute', ms: minuteMs },
  { after: 'ten minutes', ms: 10 * minuteMs },
])('a session that ended during a stall of $after is refused after it', async ({ ms }) => {
  const user = await someone()
  await duringStall(async () => {
    await end(api.db, user)
    await moveClock(ms)
  })
  await fresh()
  await isRefused(user)
})

test('a stall in which a poll fails delays requests, and refuses none', async () => {
  const user = await someone()
  let answer: ReturnType<typeof ask> | undefined
  await duringStall(async () => {
    // The server cancels a poll after a second.
    await eventually(() => expect(other.deps.revocations.pollAgeMs()).toBeGreaterThan(1_500))
    answer = ask(user)
    await setImmediate()
  })
  expect((await answer)?.statusCode).toBe(200)
})

test('a revocation that commits after polls have recovered from a stall is noticed', async () => {
  const user = await someone()
  const { promise: isOver, resolve: commit } = Promise.withResolvers<void>()
  let ending: Promise<unknown> = Promise.resolve()
  await duringStall(async () => {
    const { promise: isWritten, resolve } = Promise.withResolvers<void>()
    ending = api.db.transaction().execute(async (trx) => {
      await end(trx, user)
      resolve()
      await isOver
    })
    await isWritten
    await moveClock(minuteMs)
  })
  await fresh()
  expect((await ask(user)).statusCode).toBe(200)
  commit()
  await ending
  await isRefused(user)
})

test('a revocation is noticed after a stall longer than the lifetime of access tokens', async () => {
  const user = await someone()
  const steadyMs = performance.now.bind(performance)
  await duringStall(async () => {
    await end(api.db, user)
    await moveClock(minuteMs)
    vi.spyOn(performance, 'now').mockImplementation(() => steadyMs() + 20 * minuteMs)
  })
  await fresh()
  await isRefused(user)
})

test.for([
  { moved: 'back', ms: -60 * minuteMs },
  { moved: 'forward', ms: 60 * minuteMs },
])('a revocation is noticed although the database clock was set $moved', async ({ ms }) => {
  const user = await someone()
  await moveClock(ms)
  await end(api.db, user)
  await isRefused(user)
  await moveClock(-ms)
})

test('a noticed revocation stays in effect while the clock of the instance is wrong', async () => {
  const user = await someone()
  await end(api.db, user)
  await isRefused(user)
  // Polls no longer read the row, as if the revocation were long ago.
  await sql`update sessions set changed_at = null where id = ${user.sessionId}`.execute(api.db)
  const right = clock.now()
  clock.advance(60 * minuteMs)
  const later = await api.signUp()
  await end(api.db, later)
  await eventually(() => expect(other.deps.revocations.verdict(later.sessionId, 0)).toBe('revoked'))
  clock.set(right)
  await isRefused(user)
})

test('after a suspension of its machine an instance authenticates no request before a poll', async () => {
  const user = await someone()
  await end(api.db, user)
  // A suspension that the steady clock does not show.
  const wallMs = Date.now.bind(Date)
  vi.spyOn(Date, 'now').mockImplementation(() => wallMs() + minuteMs)
  expect(other.deps.revocations.isFresh()).toBe(false)
  expect((await ask(user)).json().error.code).toBe('SESSION_REVOKED')
})
