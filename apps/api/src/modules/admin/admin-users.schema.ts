import { roleSchema } from '@muster/policy'
import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { rule } from '../../http/errors/details-of-issues.ts'
import { id, note, noteBody, queryBoolean, text } from '../../http/fields.ts'
import { pageNumber, pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'
import { user } from '../accounts/accounts.schema.ts'

/** A user as administrators see them. */
export const adminUser = user
  .extend({
    isActive: z.boolean().describe('Whether the account is active.'),
    deactivatedBy: z
      .enum(['organization', 'platform'])
      .nullable()
      .meta({
        description:
          'The side that deactivated the account. Only the platform can reactivate an account that it deactivated.',
        examples: [null],
      }),
    organizationName: z
      .string()
      .nullable()
      .meta({
        description: 'The name of the organization of the user; null for platform roles.',
        examples: ['Example Ltd.'],
      }),
    deletionRequestedAt: instant.nullable().meta({
      description: 'When the user requested deletion, which a sign-in within 30 days cancels.',
      examples: [null],
    }),
  })
  .meta({ id: 'AdminUser', description: 'A user as administrators see them.' })
export type AdminUser = z.infer<typeof adminUser>

/** Numbered pages end here, because Postgres reads all rows before a page. */
const maxOffset = 10_000

export const userQuery = z
  .strictObject({
    q: text({ min: 1, max: 100 }).optional().describe('A part of the name, the username or the e-mail.'),
    role: roleSchema.optional().describe('Only users with this role.'),
    isActive: queryBoolean.optional().describe('Only active users, or only deactivated ones.'),
    organizationId: id.optional().describe('Only members of this organization.'),
    page: pageNumber().default(1),
    limit: pageSize(20),
  })
  .refine(({ page, limit }) => (page - 1) * limit <= maxOffset, {
    path: ['page'],
    ...rule(
      'BEYOND_LAST_PAGE',
      { max: maxOffset },
      `begins after item ${maxOffset}, where numbered pages end; narrow the search`,
    ),
  })
export type UserQuery = z.output<typeof userQuery>

export const adminUserParams = z.strictObject({ id: id.describe('The id of the user.') })

export const adminUserPatch = z
  .strictObject({
    role: roleSchema.describe('The new role.'),
    isActive: z.boolean().describe('False deactivates the user, true reactivates them.'),
    note,
  })
  .partial()
  .refine(({ note: _, ...patch }) => Object.keys(patch).length > 0, rule('NOTHING_TO_CHANGE'))
  .meta({ id: 'AdminUserPatch', description: 'What to change of a user.', examples: [{ isActive: true }] })
export type AdminUserPatch = z.output<typeof adminUserPatch>

export const userNote = noteBody
export const adminSessionParams = adminUserParams.extend({ sessionId: id.describe('The id of the session.') })
export const adminUserReply = replyOf(z.object({ user: adminUser }))
export const adminUsersReply = pageReplyOf(
  z
    .object({ users: z.array(adminUser).describe('The users, the newest first.') })
    .meta({ id: 'AdminUserList', description: 'Items of the list.' }),
)
export const endedReply = replyOf(z.object({ ended: z.int().describe('The number of sessions that ended.') }))
