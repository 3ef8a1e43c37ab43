import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/api.ts'
import { codeOf, mailedCode, newPerson, register, verify } from '../sign-in/testing/sign-in-fixtures.ts'

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
    const [client, people] = [api.connect(), [newPerson(), newPerson()]]
    for (const person of people) expect((await register(client, person)).statusCode).toBe(202)
    expect(attemptsOf(client)).toHaveLength(2)
    for (const { email } of isOlderFirst ? people : people.toReversed())
      expect((await finish(client, email)).statusCode).toBe(201)
    expect(attemptsOf(client)).toEqual([])
  }
})

test('two registrations that begin in parallel can both be verified', async () => {
  const [client, people] = [api.connect(), [newPerson(), newPerson()]]
  await Promise.all(people.map((person) => register(client, person)))
  const answers = await Promise.all(people.map(({ email }) => finish(client, email)))
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201])
})

test('a refused registration does not affect one in progress', async () => {
  const [client, person] = [api.connect(), newPerson()]
  await register(client, person)
  expect(codeOf(await register(client, person))).toBe('COOLDOWN')
  expect((await register(client, { ...newPerson(), password: 'weak' })).statusCode).toBe(400)
  expect(codeOf(await verify(client, newPerson().email, '123456'))).toBe('OTP_INVALID')
  expect((await finish(client, person.email)).statusCode).toBe(201)
})

test('the attempt of one address does not verify another', async () => {
  const [client, own, others] = [api.connect(), newPerson(), newPerson()]
  await register(client, own)
  await register(api.connect(), others)
  const [name = ''] = attemptsOf(client)
  const value = client.cookies.get(name) ?? ''
  expect(codeOf(await finish(client, others.email))).toBe('OTP_INVALID')
  const probe = api.connect()
  await register(probe, newPerson())
  for (const other of attemptsOf(probe)) probe.cookies.set(other, value)
  expect(codeOf(await finish(probe, others.email))).toBe('OTP_INVALID')
})

test('a browser keeps five attempts; the oldest is removed', async () => {
  const [client, people] = [api.connect(), Array.from({ length: 6 }, newPerson)]
  for (const person of people) {
    await register(client, person)
    clock.advance(1_000)
  }
  expect(attemptsOf(client)).toHaveLength(5)
  const [oldest, ...others] = people
  expect(codeOf(await finish(client, oldest?.email ?? ''))).toBe('OTP_INVALID')
  for (const { email } of others) expect((await finish(client, email)).statusCode).toBe(201)
})
