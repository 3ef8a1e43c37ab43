import { parseRedisUrl } from '@muster/redis'
import { idleLimitMs } from '@muster/security/refresh-decision'
import { eventually, manualClock, type OwnRedis, startOwnRedis } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { confirmOtp, enableOtp, loginCode } from '../modules/two-factor/testing/two-factor-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser, untilRevocationsAreFresh } from '../testing/test-app.ts'
import type { Gateway } from './gateway.ts'
import {
  ask,
  askAnything,
  connectSocket,
  disconnected,
  type Instance,
  recordEvents,
  startInstance,
  type TestSocket,
} from './testing/sockets.ts'

/** The promise is 1 s, which the chaos tests measure: here other tests run beside. */
const withinMs = 3_000

const clock = manualClock()
let redis: OwnRedis
let api: TestApp
let other: Instance

beforeAll(async () => {
  redis = await startOwnRedis()
  api = await buildTestApp({ clock, config: { redis: parseRedisUrl(redis.url) } })
  await api.listen()
  other = await startInstance(api)
})
beforeEach(() => untilRevocationsAreFresh(api))
afterAll(async () => {
  await other.close()
  await api.close()
  // The last test has stopped it.
  await redis.stop().catch(() => {})
})

const gatewayOf = ({ app }: Pick<Instance, 'app'>) => app.gateway as Gateway

/** Connects a user to both instances, and measures what ends the sockets. */
async function onBoth(user: TestUser) {
  const sockets = [await connectSocket(user, api), await connectSocket(user, other)]
  const reasons = sockets.map((socket) => recordEvents(socket, 'session:ended'))
  return {
    sockets,
    /** @returns the reasons that the sockets were told, how they were closed, and the longest time that it took */
    async ended(by: () => Promise<unknown>) {
      const closed = sockets.map(disconnected)
      await by()
      const startMs = performance.now()
      const how = await Promise.all(closed)
      return { reasons: reasons.flat().map(({ reason }) => reason), how, tookMs: performance.now() - startMs }
    },
    close: () => sockets.forEach((socket) => void socket.disconnect()),
  }
}

/** Tells whether a test emitted the event: the real counts are small. */
const isOurs = ({ count }: { count: number }) => count > 100
const byServer = ['io server disconnect', 'io server disconnect']
const rooms = (on: Pick<Instance, 'app'>, user: TestUser) => {
  const { connections } = gatewayOf(on)
  const has = (room: Parameters<typeof connections.inRoom>[0]) => [...connections.inRoom(room)].length > 0
  return {
    session: has(`session:${user.sessionId}`),
    user: has(`user:${user.userId}`),
    org: has(`org:${user.organizationId}`),
  }
}

describe('a session that ends', () => {
  test('by signing out ends its sockets on every instance within 1 s, and those of no other session', async () => {
    const [ann, ben] = [await api.signUp(), await api.signUp()]
    const [connected, others] = [await onBoth(ann), await onBoth(ben)]
    const { reasons, how, tookMs } = await connected.ended(() => ann.inject('POST', '/api/v1/auth/logout'))
    expect({ reasons, how }).toEqual({ reasons: ['revoked', 'revoked'], how: byServer })
    expect(tookMs).toBeLessThan(withinMs)
    expect(others.sockets.every(({ connected }) => connected)).toBe(true)
    others.close()
  })

  test('by deactivation ends its sockets', async () => {
    const [admin, ann] = [await api.signUp({ role: 'super_admin' }), await api.signUp()]
    const connected = await onBoth(ann)
    const { reasons, how, tookMs } = await connected.ended(() =>
      admin.inject('PATCH', `/api/v1/admin/users/${ann.userId}`, { isActive: false }),
    )
    expect({ reasons, how }).toEqual({ reasons: ['deactivated', 'deactivated'], how: byServer })
    expect(tookMs).toBeLessThan(withinMs)
  })

  test('by its idle limit ends its sockets, unless it was used meanwhile', async () => {
    const [ann, ben] = [await api.signUp(), await api.signUp()]
    const [unused, used] = [await onBoth(ann), await onBoth(ben)]
    clock.advance(idleLimitMs / 2)
    await untilRevocationsAreFresh(api)
    expect((await ben.inject('POST', '/api/v1/auth/refresh')).statusCode).toBe(200)
    const { reasons, tookMs } = await unused.ended(async () => clock.advance(idleLimitMs / 2))
    expect(reasons).toEqual(['expired', 'expired'])
    expect(tookMs).toBeLessThan(withinMs)
    expect(used.sockets.every(({ connected }) => connected)).toBe(true)
    used.close()
  })
})

describe('rooms', () => {
  test('follow the organization of the user within 1 s, on every instance', async () => {
    const admin = await api.signUp()
    const member = await api.signUp({ role: 'client_user', organizationId: admin.organizationId as string })
    const connected = await onBoth(member)
    for (const on of [api, other]) expect(rooms(on, member)).toEqual({ session: true, user: true, org: true })
    const removed = await admin.inject('DELETE', `/api/v1/organization/members/${member.userId}`)
    expect(removed.statusCode).toBe(200)
    const startMs = performance.now()
    await eventually(() => {
      for (const on of [api, other]) expect(rooms(on, member)).toEqual({ session: true, user: true, org: false })
    })
    expect(performance.now() - startMs).toBeLessThan(withinMs)
    const [{ actor } = {}] = gatewayOf(api).connections.ofUser(member.userId)
    expect([actor?.role, actor?.organizationId === admin.organizationId]).toEqual(['client_admin', false])
    connected.close()
  })

  test('of a session that lacks a second factor are its own alone, and every event answers 403', async () => {
    const admin = await api.signUp()
    const connected = await onBoth(admin)
    const [socket] = connected.sockets as [TestSocket]
    const counts = recordEvents(socket, 'notification:count')
    const calls: string[] = []
    const { onConnect, onDisconnect } = gatewayOf(api)
    onConnect(({ sessionId }) => void (sessionId === admin.sessionId && calls.push('connected')))
    onDisconnect(({ sessionId }) => void (sessionId === admin.sessionId && calls.push('disconnected')))
    const policy = await admin.inject('PATCH', '/api/v1/organization', { twoFactorMethod: 'otp' })
    expect(policy.statusCode).toBe(200)
    const lacking = { session: true, user: false, org: false }
    await eventually(() => {
      for (const on of [api, other]) expect(rooms(on, admin)).toEqual(lacking)
    })
    for (const event of ['register', 'sync', 'nonsense'])
      expect(await askAnything(socket, event, { userId: admin.userId })).toMatchObject({
        success: false,
        error: { code: 'TWO_FACTOR_REQUIRED' },
      })
    const newcomer = await connectSocket(admin, api)
    expect(rooms(api, admin)).toEqual(lacking)
    gatewayOf(api).emit(`user:${admin.userId}`, 'notification:count', { count: 101, change: 101 })

    await enableOtp(admin)
    await confirmOtp(admin, await loginCode(api, admin.email))
    await eventually(() => {
      for (const on of [api, other]) expect(rooms(on, admin)).toEqual({ session: true, user: true, org: true })
    })
    expect(await ask(socket, 'register', { userId: admin.userId })).toMatchObject({ success: true })
    gatewayOf(api).emit(`user:${admin.userId}`, 'notification:count', { count: 102, change: 102 })
    await eventually(() => expect(counts.filter(isOurs)).toEqual([{ count: 102, change: 102 }]))
    expect(calls).toEqual(['disconnected', 'connected', 'connected'])
    newcomer.disconnect()
    connected.close()
  })
})

describe('while revocations cannot be read', () => {
  test('nothing private is emitted, and afterwards nothing to a session that ended meanwhile', async () => {
    const [ann, ben] = [await api.signUp(), await api.signUp()]
    const [gone, stays] = [await connectSocket(ann, api), await connectSocket(ben, api)]
    const [toAnn, toBen] = [recordEvents(gone, 'notification:count'), recordEvents(stays, 'notification:count')]
    const { emit, isOpen, whenOpen, onOpen } = gatewayOf(api)
    const emitted = (count: number) =>
      [ann, ben].map(({ userId }) => emit(`user:${userId}`, 'notification:count', { count, change: count }))
    const opened: boolean[] = []
    onOpen(() => void opened.push(isOpen()))
    expect(emitted(101)).toEqual([true, true])

    const afterwards = await api.db.transaction().execute(async (trx) => {
      await sql`lock table sessions in access exclusive mode`.execute(trx)
      await eventually(() => expect(isOpen()).toBe(false))
      expect(emitted(102)).toEqual([false, false])
      expect(await ask(stays, 'register', { userId: ben.userId })).toMatchObject({
        error: { code: 'DEPENDENCY_UNAVAILABLE', retryAfter: 2 },
      })
      // So long ago that no poll finds it: only the check of all sessions does.
      await sql`update sessions set revoked_at = now(), changed_at = now() - interval '1 day' where id = ${ann.sessionId}`.execute(
        trx,
      )
      return { opening: whenOpen().then(() => emitted(103)) }
    })
    expect(await afterwards.opening).toEqual([true, true])
    await eventually(() => expect([gone.connected, opened]).toEqual([false, [true]]))
    await eventually(() => expect(toBen.filter(isOurs).map(({ count }) => count)).toEqual([101, 103]))
    expect(toAnn.filter(isOurs).map(({ count }) => count)).toEqual([101])
    stays.disconnect()
  })
})

test('a session revoked while Redis is dead ends its sockets on every instance within 1 s', async () => {
  const ann = await api.signUp()
  const connected = await onBoth(ann)
  await redis.stop()
  const { reasons, how, tookMs } = await connected.ended(() => ann.inject('POST', '/api/v1/auth/logout'))
  expect({ reasons, how }).toEqual({ reasons: ['revoked', 'revoked'], how: byServer })
  expect(tookMs).toBeLessThan(withinMs)
})
