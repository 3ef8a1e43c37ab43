import { createCookieJar, createMuster, type SessionSnapshot } from '@muster/client'
import { eventually, type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailedCode, newUser, password, registered } from '../../modules/sign-in/testing/sign-in-fixtures.ts'
import { appOf, loginCode, withOtp, wrong } from '../../modules/two-factor/testing/two-factor-fixtures.ts'
import { musterOf } from '../../testing/muster-of.ts'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'

let clock: ManualClock
let api: TestApp
let base: string

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
  base = await api.listen()
})
afterAll(() => api.close())

const statuses = (muster: {
  session: { subscribe(listener: () => void): () => void; getSnapshot(): SessionSnapshot }
}) => {
  const seen: string[] = []
  muster.session.subscribe(() => seen.push(muster.session.getSnapshot().status))
  return seen
}

describe('the session', () => {
  test('goes from registration to signed in, and to signed out', async () => {
    const muster = createMuster({ baseUrl: base })
    const seen = statuses(muster)
    expect(muster.session.getSnapshot()).toEqual({ status: 'unknown' })
    expect((await muster.session.restore()).status).toBe('signed-out')
    const user = newUser()
    await muster.auth.register(user)
    await muster.auth.verifyRegistration({ email: user.email, otp: await mailedCode(api, user.email) })
    expect(muster.session.getSnapshot()).toMatchObject({ status: 'signed-in', user: { email: user.email } })
    await muster.users.updateMe({ bio: 'I water ferns.' })
    expect(muster.session.getSnapshot()).toMatchObject({ user: { bio: 'I water ferns.' } })
    await muster.session.signOut()
    expect(muster.session.getSnapshot()).toEqual({ status: 'signed-out', isEnded: false })
    expect(seen).toEqual(['signed-out', 'signed-in', 'signed-in', 'signed-out'])
    await expect(muster.users.me()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  test('asks for the second factor, survives a wrong code and begins anew after too many', async () => {
    const { email } = await withOtp(api, clock)
    const muster = createMuster({ baseUrl: base })
    expect(await muster.session.signIn({ email, password })).toMatchObject({ status: 'challenge', method: 'otp' })
    const code = await loginCode(api, email)
    await expect(muster.session.verifyCode(wrong(code))).rejects.toMatchObject({ code: 'OTP_INVALID' })
    expect(muster.session.getSnapshot().status).toBe('challenge')
    expect(await muster.session.verifyCode(code)).toMatchObject({ status: 'signed-in', user: { email } })
    await muster.session.signOut()
    clock.advance(60_000)
    await muster.session.signIn({ email, password })
    for (let tries = 0; tries < 5; tries++) await muster.session.verifyCode('000000').catch(() => undefined)
    await expect(muster.session.verifyCode('000000')).rejects.toMatchObject({ code: 'CHALLENGE_INVALID' })
    expect(muster.session.getSnapshot().status).toBe('signed-out')
  })

  test('requires the set-up of a factor, and ends that state when it is done', async () => {
    const { email, id } = await registered(api)
    const muster = createMuster({ baseUrl: base })
    await muster.session.signIn({ email, password })
    await muster.organization.update({ twoFactorMethod: 'totp' })
    await eventually(() => expect(muster.tasks.list()).rejects.toMatchObject({ code: 'TWO_FACTOR_REQUIRED' }))
    expect(muster.session.getSnapshot()).toMatchObject({ status: 'set-up-required', factor: 'totp', user: { id } })
    const { secret } = await muster.auth.setUpAuthenticatorApp()
    expect(await muster.auth.confirmAuthenticatorApp({ code: appOf(secret, clock).code() })).toHaveLength(10)
    expect(muster.session.getSnapshot()).toMatchObject({ status: 'signed-in', user: { id, twoFactorMethod: 'totp' } })
    expect((await muster.tasks.list()).items).toEqual([])
  })

  test('that is revoked ends in every client, and sends nothing for the user who signs in next', async () => {
    const [ann, bert] = [await registered(api), await registered(api)]
    const jar = createCookieJar()
    const muster = createMuster({ baseUrl: base, cookies: jar })
    await muster.session.signIn({ email: ann.email, password })
    const { id } = await muster.tasks.create({ title: 'Of Ann' })
    // Another tab of this browser: the cookies are the same.
    const tab = createMuster({ baseUrl: base, cookies: jar })
    await tab.session.signIn({ email: bert.email, password })
    await expect(muster.tasks.create({ title: 'Meant to be of Ann' })).rejects.toMatchObject({
      code: 'SESSION_REVOKED',
    })
    await eventually(() => expect(muster.session.getSnapshot()).toMatchObject({ user: { id: bert.id } }))
    expect((await tab.tasks.list()).items).toEqual([])
    await expect(muster.tasks.get(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await tab.auth.logoutAll()
    await eventually(() => expect(muster.users.me()).rejects.toMatchObject({ status: 401 }))
    expect(muster.session.getSnapshot()).toEqual({ status: 'signed-out', isEnded: true })
  })

  test('outlives the process by the cookies of the jar, and its access token', async () => {
    const { email, id } = await registered(api)
    const jar = createCookieJar()
    await createMuster({ baseUrl: base, cookies: jar }).session.signIn({ email, password })
    clock.advance(16 * 60_000)
    const restored = createMuster({ baseUrl: base, cookies: createCookieJar(JSON.parse(JSON.stringify(jar))) })
    expect(await restored.session.restore()).toMatchObject({ status: 'signed-in', user: { id } })
    expect((await restored.users.me()).id).toBe(id)
  })

  test('ends with what the client remembered: a version that another user saw is not sent', async () => {
    const user = await api.signUp()
    const sent: Request[] = []
    const muster = await musterOf(user, base, {
      fetch: (request) => {
        sent.push(request)
        return fetch(request)
      },
    })
    const { id } = await muster.tasks.create({ title: 'Remembered' })
    await muster.session.signOut()
    await muster.tasks.update(id, { title: 'Forgotten' }).catch(() => undefined)
    expect(sent.at(-1)?.headers.get('if-match')).toBeNull()
  })
})
