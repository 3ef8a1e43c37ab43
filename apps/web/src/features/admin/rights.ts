import type { User } from '@muster/client'

type Role = User['role']
const readers: readonly Role[] = ['super_admin', 'site_admin', 'operator']
const administrators: readonly Role[] = ['super_admin', 'site_admin']

/** Who may do what on the pages for operators (docs/permissions.md). */
export const opsRoles = {
  'queue.read': readers,
  'queue.change': administrators,
  'email.read': readers,
  'email.resend': administrators,
  'email.unsuppress': administrators,
  'audit.read': readers,
  'organization.list': readers,
  'diagnostics.read': readers,
  'user.read': readers,
  'user.change': administrators,
} as const

export type OpsPermission = keyof typeof opsRoles

/** Tells whether a role may do this on the pages for operators. */
export const may = (role: Role, permission: OpsPermission): boolean => opsRoles[permission].includes(role)

/** Tells whether a role may open any of the pages for operators. */
export const mayOpenOps = (role: Role): boolean =>
  (['queue.read', 'email.read', 'audit.read', 'user.read'] as const).some((permission) => may(role, permission))
