import { roles, rolesWith } from '@muster/policy'
import { expect, test } from 'vitest'
import { mayOpenOps, type OpsPermission, opsRoles } from './rights.ts'

test.each(Object.keys(opsRoles) as OpsPermission[])('the pages let the same roles use %s as the API', (permission) => {
  expect(opsRoles[permission]).toEqual(rolesWith(permission))
})

test('the pages for operators are open to no role of a customer', () => {
  expect(roles.filter(mayOpenOps)).toEqual(['super_admin', 'site_admin', 'operator'])
})
