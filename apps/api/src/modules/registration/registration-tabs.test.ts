import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/test-app.ts'
import { codeOf, mailedCode, newUser, register, verify } from '../sign-in/testing/sign-in-fixtures.ts'

let api: TestApp
let clock: ManualClock
beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const attemptsOf = ({ cookies }: TestClient) => [...cookies.keys()].filter((name) => name.startsWith('muster_attempt_'))
const finish = async (client: TestClient, email: string) => verify(client, email, await mailedCode(api, email))

test('two tabs of one browser register two addresses, in either order of verification', async () => {
  for (const isOlderFirst of [true, false]) {
    const [client, users] = [api.connect(), [newUser(), newUser()]]
    for (const user of users) expect((await register(client, user)).statusCode).toBe(202)
    expect(attemptsOf(client)).toHaveLength(2)
    for (const { email } of isOlderFirst ? users : users.toReversed())
      expect((await finish(client, email)).statusCode).toBe(201)
    expect(attemptsOf(client)).toEqual([])
  }
})

test('two registrations that begin in parallel can both be verified', async () => {
  const [client, users] = [api.connect(), [newUser(), newUser()]]
  await Promise.all(users.map((user) => register(client, user)))
  const answers = await Promise.all(users.map(({ email }) => finish(client, email)))
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201])
})

test('a refused registration does not affect one in progress', async () => {
  const [client, user] = [api.connect(), newUser()]
  await register(client, user)
  expect(codeOf(await register(client, user))).toBe('COOLDOWN')
  expect((await register(client, { ...newUser(), password: 'weak' })).statusCode).toBe(400)
  expect(codeOf(await verify(client, newUser().email, '123456'))).toBe('OTP_INVALID')
  expect((await finish(client, user.email)).statusCode).toBe(201)
})

test('the attempt of one address does not verify another', async () => {
  const [client, own, others] = [api.connect(), newUser(), newUser()]
  await register(client, own)
  await register(api.connect(), others)
  const [name = ''] = attemptsOf(client)
  const value = client.cookies.get(name) ?? ''
  expect(codeOf(await finish(client, others.email))).toBe('OTP_INVALID')
  const probe = api.connect()
  await register(probe, newUser())
  for (const other of attemptsOf(probe)) probe.cookies.set(other, value)
  expect(codeOf(await finish(probe, others.email))).toBe('OTP_INVALID')
})

test('a browser keeps five attempts; the oldest is removed', async () => {
  const [client, users] = [api.connect(), Array.from({ length: 6 }, newUser)]
  for (const user of users) {
    await register(client, user)
    clock.advance(1_000)
  }
  expect(attemptsOf(client)).toHaveLength(5)
  const [oldest, ...others] = users
  expect(codeOf(await finish(client, oldest?.email ?? ''))).toBe('OTP_INVALID')
  for (const { email } of others) expect((await finish(client, email)).statusCode).toBe(201)
})
