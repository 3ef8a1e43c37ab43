import { roleSchema } from '@muster/policy'
import { z } from 'zod'
import { rule } from '../../http/errors/details-of-issues.ts'
import { id, queryBoolean, queryInteger, text } from '../../http/fields.ts'
import { instant, pageReplyOf, replyOf } from '../../http/reply.ts'
import { user } from '../accounts/accounts.schema.ts'

/** A user as administrators see them. */
export const adminUser = user
  .extend({
    isActive: z.boolean(),
    /** The side that deactivated the account. Only the platform can reactivate an account that it deactivated. */
    deactivatedBy: z.enum(['organization', 'platform']).nullable(),
    /** When the user requested deletion, which a sign-in within 30 days cancels. */
    deletionRequestedAt: instant.nullable(),
  })
  .meta({ id: 'AdminUser' })
export type AdminUser = z.infer<typeof adminUser>

/** Numbered pages end here, because Postgres reads all rows before a page. */
const maxOffset = 10_000

export const userQuery = z
  .strictObject({
    /** A part of the name, the username or the e-mail. */
    q: text({ min: 1, max: 100 }).optional(),
    role: roleSchema.optional(),
    isActive: queryBoolean.optional(),
    page: queryInteger({ min: 1 }).default(1),
    limit: queryInteger({ min: 1, max: 100 }).default(20),
  })
  .refine(({ page, limit }) => (page - 1) * limit <= maxOffset, {
    path: ['page'],
    ...rule('BEYOND_LAST_PAGE', { max: maxOffset, hint: 'narrow the search' }),
  })
export type UserQuery = z.output<typeof userQuery>

export const adminUserParams = z.strictObject({ id })

export const adminUserPatch = z
  .strictObject({ role: roleSchema, isActive: z.boolean() })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, rule('NOTHING_TO_CHANGE'))
export type AdminUserPatch = z.output<typeof adminUserPatch>

export const adminUserReply = replyOf(z.object({ user: adminUser }))
export const adminUsersReply = pageReplyOf(z.object({ users: z.array(adminUser) }))
export const endedReply = replyOf(z.object({ ended: z.int() }))
