import type { Role } from '@muster/policy'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { mailsTo } from '../sign-in/testing/sign-in-fixtures.ts'
import { arrived, noticesOf, setUser } from './testing/invites-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const memberOf = (person: TestUser, role: Role = 'client_user') =>
  api.signUp({ role, organizationId: person.organizationId as string })

describe('an acceptance', () => {
  const dataOf = async (userId: string) => (await noticesOf(api, userId)).map(({ data }) => data)

  test('notifies the inviter, the other client_admins and the platform roles above them', async () => {
    const own = await buildTestApp({ clock })
    const admin = await own.signUp()
    const organizationId = admin.organizationId as string
    const told = [
      await own.signUp({ organizationId }),
      await own.signUp({ role: 'operator' }),
      await own.signUp({ role: 'super_admin' }),
    ]
    const others = [await own.signUp({ role: 'client_user', organizationId }), await own.signUp()]
    const away = await own.signUp({ role: 'site_admin' })
    await setUser(own, away.userId, { is_active: false })
    const { user, email } = await arrived(own, admin, 'client_user')
    const [notice] = await noticesOf(own, admin.userId)
    const facts = { inviteId: expect.any(String), status: 'accepted', email, role: 'client_user', userId: user.id }
    expect(notice).toMatchObject({ title: 'Invitation accepted', data: { event: 'inviteAccepted', ...facts } })
    expect(notice?.message).toBe('Some User accepted your invitation.')
    for (const { userId } of told) {
      const notices = await noticesOf(own, userId)
      expect(notices).toMatchObject([{ data: { event: 'inviteStatusUpdate', ...facts } }])
      expect(JSON.stringify(notices)).not.toMatch(/[\w-]{43}/)
    }
    for (const { userId } of [...others, away, { userId: user.id }]) expect(await noticesOf(own, userId)).toEqual([])
    const mails = await mailsTo(own, admin.email)
    expect(mails).toMatchObject([{ template: 'invite-accepted', data: { personName: 'Some User', email } }])
    for (const person of [...told, ...others]) expect(await mailsTo(own, person.email)).toEqual([])
    await own.close()
  })

  test('of a platform role notifies only platform roles above the inviter', async () => {
    const siteAdmin = await api.signUp({ role: 'site_admin' })
    const [above, equal, below] = [
      await api.signUp({ role: 'super_admin' }),
      await api.signUp({ role: 'site_admin' }),
      await api.signUp({ role: 'operator' }),
    ]
    await arrived(api, siteAdmin, 'operator')
    expect(await dataOf(siteAdmin.userId)).toMatchObject([{ event: 'inviteAccepted' }])
    expect(await dataOf(above.userId)).toMatchObject([{ event: 'inviteStatusUpdate' }])
    for (const { userId } of [equal, below]) expect(await dataOf(userId)).toEqual([])
  })

  test('notifies by the channels that each recipient prefers', async () => {
    const admin = await api.signUp()
    const colleague = await memberOf(admin, 'client_admin')
    const channels = (inApp: boolean, email: boolean) => ({ notifications: { invite: { inApp, email } } })
    await admin.inject('PUT', '/api/v1/users/me/preferences', channels(true, false))
    await colleague.inject('PUT', '/api/v1/users/me/preferences', channels(false, true))
    await arrived(api, admin, 'client_user')
    expect([(await noticesOf(api, admin.userId)).length, (await mailsTo(api, admin.email)).length]).toEqual([1, 0])
    expect((await noticesOf(api, colleague.userId)).length).toBe(0)
  })
})
