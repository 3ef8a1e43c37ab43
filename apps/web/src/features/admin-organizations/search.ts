import { maybe, z } from '../../lib/zod.ts'

/** The search parameters of the list. An invalid value is ignored. */
export const organizationsSearch = z.object({
  q: maybe(z.string().check(z.maxLength(100))),
  kind: maybe(z.enum(['shared', 'personal'])),
})
export type OrganizationsSearch = z.infer<typeof organizationsSearch>
