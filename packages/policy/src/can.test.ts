import { describe, expect, test } from 'vitest'
import { can, invitableRoles, type Permission, type Role, roles, rolesWith } from './index.ts'

test('nobody may invite into a role as high as their own', () => {
  for (const role of roles) {
    for (const invited of invitableRoles(role)) expect(roles.indexOf(invited)).toBeGreaterThan(roles.indexOf(role))
  }
})

test('a role without any object for a permission is kept out of its route', () => {
  expect(rolesWith('organization.change')).toEqual(['client_admin'])
  expect(rolesWith('user.read')).toEqual(['super_admin', 'site_admin', 'operator'])
})

describe('a scope', () => {
  const [mine, ours, elsewhere] = [
    { ownerId: 'me', organizationId: 'elsewhere' },
    { ownerId: 'you', organizationId: 'here' },
    { ownerId: 'you', organizationId: 'elsewhere' },
  ]
  const allowed = (role: Role, permission: Permission, organizationId: string | null) =>
    [mine, ours, elsewhere].map((target) => can({ userId: 'me', role, organizationId }, permission, target))

  test('`all` is everything', () => {
    expect(allowed('operator', 'invite.create', null)).toEqual([true, true, true])
  })
  test('`organization` is what belongs to it, and what is one’s own', () => {
    expect(allowed('client_admin', 'task.read', 'here')).toEqual([true, true, false])
  })
  test('`own` is that alone', () => {
    expect(allowed('client_user', 'task.read', 'here')).toEqual([true, false, false])
  })
  test('`none` is nothing, not even what is one’s own', () => {
    expect(allowed('operator', 'queue.change', null)).toEqual([false, false, false])
  })
  test('reaches nothing without an organization, not even what has none', () => {
    const target = { ownerId: 'you', organizationId: null }
    expect(can({ userId: 'me', role: 'client_admin', organizationId: null }, 'task.read', target)).toBe(false)
  })
})
