import { z } from 'zod'
import { rule } from '../../http/errors/details-of-issues.ts'
import { id, queryBoolean, text } from '../../http/fields.ts'
import { pageNumber, pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'
import { accountEmail, publicUser, twoFactorMethod } from '../accounts/accounts.schema.ts'

/** The roles that belong to an organization. */
const memberRole = z
  .enum(['client_admin', 'client_user'])
  .meta({ id: 'MemberRole', description: 'A role within an organization.' })
export type MemberRole = z.infer<typeof memberRole>

/** A user as other members of their organization see them. */
export const member = publicUser
  .extend({
    role: memberRole.describe('What the member may do.'),
    email: accountEmail,
    isActive: z.boolean().describe('Whether the account is active.'),
    lacksRequiredFactor: z
      .boolean()
      .nullable()
      .meta({
        description:
          'Whether the member has yet to set up the second factor that the organization requires; null for readers who are no client_admin.',
        examples: [false],
      }),
  })
  .meta({ id: 'Member', description: 'A user as other members of their organization see them.' })
export type Member = z.infer<typeof member>

export const memberReply = replyOf(z.object({ member }))
export const membersReply = pageReplyOf(
  z
    .object({ members: z.array(member).describe('The members, by name.') })
    .meta({ id: 'MemberList', description: 'Items of the list.' }),
)

export const memberParams = z.strictObject({ userId: id.describe('The id of the member.') })
export const membersQuery = z.strictObject({
  q: text({ min: 1, max: 100 }).optional().describe('A part of the name, the username or the e-mail.'),
  lacksRequiredFactor: queryBoolean.optional().meta({
    description:
      '`true`: members who have yet to set up the required second factor; `false`: all others. For client_admins.',
  }),
  lacksFactor: twoFactorMethod.exclude(['none']).optional().meta({
    description:
      'Only members who would lack this factor if the organization required it: whom a change would affect. For client_admins.',
  }),
  role: memberRole.optional().meta({ description: 'Only members with this role.' }),
  page: pageNumber(1_000).default(1),
  limit: pageSize(100),
})
export type MembersQuery = z.output<typeof membersQuery>

export const memberPatch = z
  .strictObject({
    role: memberRole.describe('The new role.'),
    isActive: z.boolean().describe('False deactivates the member, true reactivates them.'),
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, rule('NOTHING_TO_CHANGE'))
  .meta({ id: 'MemberPatch', description: 'What to change of a member.', examples: [{ isActive: true }] })
export type MemberPatch = z.infer<typeof memberPatch>
