import { z } from 'zod'

/** Every role, the highest first. The first three are roles of the platform and belong to no organization. */
export const roles = ['super_admin', 'site_admin', 'operator', 'client_admin', 'client_user'] as const
export const roleSchema = z
  .enum(roles)
  .meta({ id: 'Role', description: 'A role. The first three are of the platform, the others of an organization.' })
export type Role = (typeof roles)[number]

/** The user who performs a request. `organizationId` is null for roles of the platform. */
export type Principal = { userId: string; role: Role; organizationId: string | null }
