import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

let api: TestApp
beforeAll(async () => {
  // No server listens there: what the caller writes is told by the primary alone.
  api = await buildTestApp({
    config: { replicaUrl: 'postgres://nobody@127.0.0.1:1/none', cookies: { isSecure: true } },
  })
})
afterAll(() => api.close())

const lsnCookies = ({ cookies }: { cookies: readonly { name: string }[] }) =>
  cookies.filter(({ name }) => name.includes('lsn'))
const createTask = (user: TestUser) => user.inject('POST', '/api/v1/tasks', { title: 'Write' })
const namesOf = (answer: { cookies: readonly { name: string }[] }) => lsnCookies(answer).map(({ name }) => name)
const own = /^__Host-muster_lsn_[0-9a-f]{8}$/

test('an answer to a write has a __Host- cookie for two seconds, and a later one replaces it', async () => {
  const user = await api.signUp()
  const first = await createTask(user)
  const [cookie] = lsnCookies(first)
  expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Lax', path: '/', maxAge: 2 })
  expect(cookie?.name).toMatch(own)
  const second = await createTask(user)
  expect(namesOf(second)).toEqual(namesOf(first))
  expect(lsnCookies(await user.inject('GET', '/api/v1/tasks'))).toEqual([])
  expect(lsnCookies(await user.inject('POST', '/api/v1/tasks', { title: '' }))).toEqual([])
})

test('writes that overlap, contradictions and sign-ins send the next lists to the primary', async () => {
  const user = await api.signUp()
  const answers = await Promise.all([createTask(user), createTask(user), createTask(user)])
  const names = answers.flatMap(namesOf)
  expect(names.filter((name) => own.test(name))).toHaveLength(1)
  expect(names.filter((name) => name === '__Host-muster_lsn_all')).toHaveLength(2)
  const missing = await user.inject('DELETE', `/api/v1/tasks/${crypto.randomUUID()}`)
  expect([missing.statusCode, namesOf(missing)]).toEqual([404, ['__Host-muster_lsn_all']])
  const accepted = await api.connect().inject('POST', '/api/v1/auth/forgot-password', { email: user.email })
  expect([accepted.statusCode, namesOf(accepted)]).toEqual([202, ['__Host-muster_lsn_all']])
})

test('a forged cookie changes nothing, and a replica that is not there delays nothing and is named', async () => {
  const user = await api.signUp()
  for (const value of ['x', 'k1.YWxsLjE.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', ''])
    user.cookies.set('__Host-muster_lsn_all', value)
  await createTask(user)
  const listed = await user.inject('GET', '/api/v1/tasks')
  expect([listed.statusCode, listed.json().data.tasks.length]).toEqual([200, 1])
  await eventually(async () => {
    const { status, checks } = (await api.connect().inject('GET', '/health')).json()
    expect([status, checks.replica]).toEqual([
      'degraded',
      { status: 'down', reason: 'UNAVAILABLE', latencyMs: expect.any(Number), behindMs: expect.any(Number) },
    ])
  })
})

test('without a replica no answer has such a cookie', async () => {
  const plain = await buildTestApp()
  try {
    expect(lsnCookies(await createTask(await plain.signUp()))).toEqual([])
  } finally {
    await plain.close()
  }
})
