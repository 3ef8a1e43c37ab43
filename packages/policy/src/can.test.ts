import { describe, expect, test } from 'vitest'
import { can, invitableRoles, type Permission, type Role, roles, rolesWith } from './index.ts'

test('a user may invite only into lower roles than their own', () => {
  for (const role of roles) {
    for (const invited of invitableRoles(role)) expect(roles.indexOf(invited)).toBeGreaterThan(roles.indexOf(role))
  }
})

test('a role with the scope `none` is refused on the routes of the permission', () => {
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

  test('`all` permits every object', () => {
    expect(allowed('operator', 'invite.create', null)).toEqual([true, true, true])
  })
  test('`organization` permits the objects of the organization and of the user', () => {
    expect(allowed('client_admin', 'task.read', 'here')).toEqual([true, true, false])
  })
  test('`own` permits only the objects of the user', () => {
    expect(allowed('client_user', 'task.read', 'here')).toEqual([true, false, false])
  })
  test('`none` permits no object, not even those of the user', () => {
    expect(allowed('operator', 'queue.change', null)).toEqual([false, false, false])
  })
  test('without an organization permits no objects of other users', () => {
    const target = { ownerId: 'you', organizationId: null }
    expect(can({ userId: 'me', role: 'client_admin', organizationId: null }, 'task.read', target)).toBe(false)
  })
})
