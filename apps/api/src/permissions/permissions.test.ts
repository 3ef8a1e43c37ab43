import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { adminUser } from '../modules/admin/admin-users.schema.ts'
import { member } from '../modules/organizations/organizations.schema.ts'
import { publicUser, user } from '../modules/users/users.schema.ts'
import { roles } from '../plugins/actor.ts'
import { can, invitableRoles, rolesWith } from './index.ts'
import { permissions } from './table.ts'

const sourceFolder = join(import.meta.dirname, '..')

test('nobody may invite into a role as high as their own', () => {
  for (const role of roles) {
    for (const invited of invitableRoles(role)) expect(roles.indexOf(invited)).toBeGreaterThan(roles.indexOf(role))
  }
})

test('every line of the table is asked by something outside of it', async () => {
  const files = (await readdir(sourceFolder, { recursive: true })).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('permissions/'),
  )
  const sources = (await Promise.all(files.map((file) => readFile(join(sourceFolder, file), 'utf8')))).join('\n')
  expect(Object.keys(permissions).filter((name) => !sources.includes(`'${name}'`))).toEqual([])
})

test('every field of a person that is told to some and not to others is written down', async () => {
  const page = await readFile(join(sourceFolder, '../../../docs/permissions.md'), 'utf8')
  const fields = page.slice(page.indexOf('## Fields'), page.indexOf('## Besides'))
  const told = [user, publicUser, member, adminUser].flatMap(({ shape }) => Object.keys(shape))
  expect([...new Set(told)].filter((field) => !fields.includes(`\`${field}\``))).toEqual([])
})

test('who may do something with nothing at all is not let in to the route', () => {
  expect(rolesWith('organization.change')).toEqual(['client_admin'])
  expect(rolesWith('person.read')).toEqual(['super_admin', 'site_admin', 'operator'])
})

describe('a scope', () => {
  const [mine, ours, elsewhere] = [
    { ownerId: 'me', organizationId: 'elsewhere' },
    { ownerId: 'you', organizationId: 'here' },
    { ownerId: 'you', organizationId: 'elsewhere' },
  ]
  const allowed = (role: (typeof roles)[number], permission: keyof typeof permissions, organizationId: string | null) =>
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
