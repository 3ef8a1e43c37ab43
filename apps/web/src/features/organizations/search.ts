import { maybe, z } from '../../lib/zod.ts'

export const organizationViews = ['members', 'invites', 'settings'] as const
export type OrganizationView = (typeof organizationViews)[number]
export const inviteFilters = ['pending', 'accepted', 'expired', 'revoked', 'all'] as const
export const memberRoles = ['client_admin', 'client_user'] as const

/** The search parameters of the page. An invalid value is ignored. Without `view` it shows members, without `status` open invitations. */
export const organizationSearch = z.object({
  view: maybe(z.enum(organizationViews)),
  q: maybe(z.string().check(z.maxLength(100))),
  role: maybe(z.enum(memberRoles)),
  /** Only members who have yet to set up the required second factor. */
  lacking: maybe(z.literal(true)),
  status: maybe(z.enum(inviteFilters)),
})
export type OrganizationSearch = z.infer<typeof organizationSearch>
