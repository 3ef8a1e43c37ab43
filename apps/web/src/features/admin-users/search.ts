import { maybe, z } from '../../lib/zod.ts'

export const userRoles = ['super_admin', 'site_admin', 'operator', 'client_admin', 'client_user'] as const
const personViews = ['overview', 'sessions', 'mails', 'log'] as const
export type PersonView = (typeof personViews)[number]

/** The search parameters of the list. An invalid value is ignored. */
export const usersSearch = z.object({
  q: maybe(z.string().check(z.maxLength(100))),
  role: maybe(z.enum(userRoles)),
  state: maybe(z.enum(['active', 'inactive'])),
})
export type UsersSearch = z.infer<typeof usersSearch>

/** The search parameters of one person. Without `view` it shows the overview; `by` turns the log to what they did themselves. */
export const personSearch = z.object({
  view: maybe(z.enum(personViews)),
  by: maybe(z.literal('them')),
})
export type PersonSearch = z.infer<typeof personSearch>
