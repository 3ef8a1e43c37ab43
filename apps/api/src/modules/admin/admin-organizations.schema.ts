import { userSummary } from '@muster/realtime/shapes'
import { z } from 'zod'
import { id, queryBoolean, text } from '../../http/fields.ts'
import { pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'
import { organization } from '../organizations/organizations.schema.ts'

/** An organization as operators see it. */
export const adminOrganization = organization
  .extend({
    isPersonal: z.boolean().describe('Whether it was created for one user alone.'),
    usedBytes: z.int().meta({ description: 'The bytes that its files take.', examples: [1_048_576] }),
    openInvitations: z.int().meta({ description: 'Invitations into it that can be accepted now.', examples: [2] }),
  })
  .meta({ id: 'AdminOrganization', description: 'An organization as operators see it.' })
export type AdminOrganization = z.infer<typeof adminOrganization>

export const adminOrganizationDetail = adminOrganization
  .extend({
    quotaBytes: z.int().meta({ description: 'The bytes that its files may take.', examples: [10_737_418_240] }),
    fileCount: z.int().meta({ description: 'The number of its files.', examples: [12] }),
    taskCount: z
      .int()
      .meta({ description: 'The number of its tasks, up to 10,000: 10,001 means more.', examples: [40] }),
    inactiveMembers: z
      .int()
      .meta({ description: 'Members who are deactivated or about to be deleted.', examples: [0] }),
    membersLackingFactor: z
      .int()
      .meta({ description: 'Members who have yet to set up the required second factor.', examples: [0] }),
    admins: z.array(userSummary).describe('Its client_admins, up to 20, those who joined first.'),
  })
  .meta({ id: 'AdminOrganizationDetail', description: 'One organization as operators see it.' })
export type AdminOrganizationDetail = z.infer<typeof adminOrganizationDetail>

export const organizationQuery = z.strictObject({
  q: text({ min: 1, max: 100 }).optional().describe('A part of the name.'),
  isPersonal: queryBoolean.optional().describe('Only organizations of one user alone, or only the others.'),
  limit: pageSize(50),
  cursor: id.optional().describe('`nextCursor` of the page before.'),
})
export type OrganizationQuery = z.output<typeof organizationQuery>

export const organizationParams = z.strictObject({ id: id.describe('The id of the organization.') })
export const adminOrganizationReply = replyOf(z.object({ organization: adminOrganizationDetail }))
export const adminOrganizationsReply = pageReplyOf(
  z
    .object({ organizations: z.array(adminOrganization).describe('The organizations, the newest first.') })
    .meta({ id: 'AdminOrganizationList', description: 'Items of the list.' }),
)
