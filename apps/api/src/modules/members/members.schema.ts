import { z } from 'zod'
import { rule } from '../../http/errors/details-of-issues.ts'
import { id, queryInteger } from '../../http/fields.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'
import { publicUser } from '../accounts/accounts.schema.ts'

/** The roles that belong to an organization. */
const memberRole = z.enum(['client_admin', 'client_user'])
export type MemberRole = z.infer<typeof memberRole>

/** A user as other members of their organization see them. */
export const member = publicUser
  .extend({ role: memberRole, email: z.string(), isActive: z.boolean() })
  .meta({ id: 'Member' })
export type Member = z.infer<typeof member>

export const memberReply = replyOf(z.object({ member }))
export const membersReply = pageReplyOf(z.object({ members: z.array(member) }))

export const memberParams = z.strictObject({ userId: id })
export const membersQuery = z.strictObject({
  page: queryInteger({ min: 1, max: 1_000 }).default(1),
  limit: queryInteger({ min: 1, max: 100 }).default(100),
})
export type MembersQuery = z.output<typeof membersQuery>

export const memberPatch = z
  .strictObject({ role: memberRole, isActive: z.boolean() })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, rule('NOTHING_TO_CHANGE'))
export type MemberPatch = z.infer<typeof memberPatch>
