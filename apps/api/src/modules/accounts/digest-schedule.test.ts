import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/test-app.ts'
import { joining } from '../organizations/testing/organization-fixtures.ts'
import { password, registered } from '../sign-in/testing/sign-in-fixtures.ts'

let api: TestApp
beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const nextDigestOf = async (id: string) =>
  (await api.db.selectFrom('users').select('next_digest_at').where('id', '=', id).executeTakeFirstOrThrow())
    .next_digest_at
const schedule = (id: string, nextDigestAt: Date | null) =>
  api.db.updateTable('users').set({ next_digest_at: nextDigestAt }).where('id', '=', id).execute()
const tomorrow = () => new Date(Date.now() + 86_400_000)
const isNow = (at: Date | null) => at !== null && Math.abs(at.getTime() - Date.now()) < 30_000

test('the first digest of a new user is computed at once', async () => {
  expect(await nextDigestOf((await registered(api)).id)).toSatisfy(isNow)
})

test.each<[string, (user: TestClient) => Promise<unknown>]>([
  ['another timezone', (user) => user.inject('PATCH', '/api/v1/users/me', { timezone: 'Asia/Tokyo' })],
  ['another preference', (user) => user.inject('PUT', '/api/v1/users/me/preferences', { morningDigest: false })],
  ['a requested deletion', (user) => user.inject('DELETE', '/api/v1/users/me', { password })],
])('%s reschedules the next digest, unless it is due already', async (_name, change) => {
  for (const before of [null, tomorrow()]) {
    const { client, id } = await registered(api)
    await schedule(id, before)
    await change(client)
    expect(await nextDigestOf(id)).toSatisfy(isNow)
  }
  const { client, id } = await registered(api)
  const due = new Date(Date.now() - 3_600_000)
  await schedule(id, due)
  await change(client)
  expect(await nextDigestOf(id)).toEqual(due)
})

test('deactivation and reactivation reschedule the next digest', async () => {
  const admin = await api.signUp()
  const member = await joining(api, admin)
  for (const isActive of [false, true]) {
    await schedule(member.userId, isActive ? null : tomorrow())
    const answer = await admin.inject('PATCH', `/api/v1/organization/members/${member.userId}`, { isActive })
    expect(answer.statusCode).toBe(200)
    expect(await nextDigestOf(member.userId)).toSatisfy(isNow)
  }
})

test('a change on which the digest does not depend keeps its schedule', async () => {
  const user = await api.signUp()
  const at = tomorrow()
  await schedule(user.userId, at)
  await user.inject('PATCH', '/api/v1/users/me', { name: 'Another Name' })
  expect(await nextDigestOf(user.userId)).toEqual(at)
})
