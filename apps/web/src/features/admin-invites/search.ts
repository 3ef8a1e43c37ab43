import { maybe, z } from '../../lib/zod.ts'
import { inviteFilters } from '../organizations/search.ts'

/** The search parameters of the page. An invalid value is ignored. Without `status` it shows open invitations. */
export const opsInvitesSearch = z.object({
  q: maybe(z.string().check(z.maxLength(100))),
  status: maybe(z.enum(inviteFilters)),
})
export type OpsInvitesSearch = z.infer<typeof opsInvitesSearch>
