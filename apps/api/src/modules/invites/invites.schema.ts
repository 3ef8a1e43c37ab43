import { faultOf } from '@muster/errors'
import { emailAddress as email, newUsername as username } from '@muster/identifiers'
import { roleSchema } from '@muster/policy'
import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { linkToken } from '../../http/codes.ts'
import { issueOf, rule } from '../../http/errors/details-of-issues.ts'
import { examplePassword, id, newPassword, noteBody, text } from '../../http/fields.ts'
import { pageNumber, pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'
import { displayName, timezone } from '../accounts/accounts.schema.ts'
import { organizationName } from '../organizations/organizations.schema.ts'

/** The roles that an invitation can grant. Only the operator creates super admins. */
export const invitedRole = roleSchema
  .exclude(['super_admin'])
  .meta({ id: 'InvitedRole', description: 'A role that an invitation can grant.', examples: ['client_user'] })
export type InvitedRole = z.infer<typeof invitedRole>
export const inviteStatus = z
  .enum(['pending', 'accepted', 'revoked', 'expired'])
  .meta({ id: 'InviteStatus', description: 'What became of an invitation.' })
export type InviteStatus = z.infer<typeof inviteStatus>

export const inviteDelivery = z.enum(['underway', 'sent', 'failed', 'suppressed']).meta({
  id: 'InviteDelivery',
  description:
    'What became of a mail with a link: `failed`, it was refused or not sent in time; `suppressed`, its address refuses mail, so that none is sent there until an operator lifts the suppression.',
})
export type InviteDelivery = z.infer<typeof inviteDelivery>

/** An invitation as its inviter and administrators see it. Only the mail contains the token. */
export const invite = z
  .object({
    id: z.uuid().describe('The id of the invitation.'),
    email: z.string().meta({ description: 'The address that was invited.', examples: ['bo@example.com'] }),
    role: invitedRole.meta({ description: 'The role that it grants.', examples: ['client_user'] }),
    status: inviteStatus.describe('What became of it.'),
    expiresAt: instant.describe('When its link stops working.'),
    organizationName: z
      .string()
      .nullable()
      .meta({
        description: 'The name of the organization to join or to create; null for a platform role.',
        examples: ['Example Ltd.'],
      }),
    organizationId: z
      .uuid()
      .nullable()
      .describe('The organization to join, or the one that was created when it was accepted; null without one.'),
    emailId: z.uuid().describe('The latest mail with its link.'),
    delivery: inviteDelivery
      .nullable()
      .meta({ description: 'What became of that mail; null when it is not kept any more.', examples: ['sent'] }),
    invitedBy: z
      .object({
        id: z.uuid().describe('The id of the inviter.'),
        name: z.string().meta({ description: 'The name of the inviter.', examples: ['Ann Example'] }),
      })
      .describe('Who sent the invitation.'),
    createdAt: instant.describe('When it was first sent.'),
  })
  .meta({ id: 'Invite', description: 'An invitation as its inviter and administrators see it.' })
export type Invite = z.infer<typeof invite>

export const inviteReply = replyOf(z.object({ invite }))
export const inviteNote = noteBody
export const inviteParams = z.strictObject({ id: id.describe('The id of the invitation.') })

export const newInvite = z
  .strictObject({
    email: email.describe('The address to invite.'),
    role: invitedRole.describe('The role to grant.'),
    organizationName: organizationName
      .optional()
      .describe('Required for a client_admin, for whom it is created; refused for any other role.'),
  })
  .superRefine(({ role, organizationName }, ctx) => {
    const isNeeded = role === 'client_admin'
    if (isNeeded === (organizationName !== undefined)) return
    const fault = isNeeded
      ? faultOf('REQUIRED', { when: 'role', value: role }, 'is required for a client_admin')
      : faultOf('NOT_COMBINABLE', { with: 'role', value: role }, 'is only for a client_admin')
    ctx.addIssue(issueOf(['organizationName'], fault))
  })
  .meta({
    id: 'NewInvite',
    description: 'An invitation to send.',
    examples: [{ email: 'bo@example.com', role: 'client_user' }],
  })
export type NewInvite = z.output<typeof newInvite>

/** The last offset of numbered pages. Filters by status reach the invitations after it. */
const maxOffset = 10_000

export const invitesQuery = z
  .strictObject({
    status: inviteStatus.optional().describe('Only invitations in this state.'),
    q: text({ min: 1, max: 100 }).optional().describe('A part of the invited address.'),
    organizationId: id.optional().describe('Only invitations into this organization.'),
    page: pageNumber().default(1),
    limit: pageSize(20),
  })
  .refine(({ page, limit }) => (page - 1) * limit <= maxOffset, {
    path: ['page'],
    ...rule(
      'BEYOND_LAST_PAGE',
      { max: maxOffset },
      `begins after item ${maxOffset}, where numbered pages end; filter by status`,
    ),
  })
export type InvitesQuery = z.output<typeof invitesQuery>

export const invitesReply = pageReplyOf(
  z
    .object({ invites: z.array(invite).describe('The invitations, the newest first.') })
    .meta({ id: 'InviteList', description: 'Items of the list.' }),
)

export const tokenParams = z.strictObject({ token: linkToken })

/** An invitation as the holder of its link sees it. */
export const invitation = invite
  .pick({ email: true, role: true, organizationName: true, expiresAt: true })
  .extend({
    invitedBy: z
      .object({ name: z.string().meta({ description: 'The name of the inviter.', examples: ['Ann Example'] }) })
      .describe('Who sent the invitation.'),
  })
  .meta({ id: 'Invitation', description: 'An invitation as the holder of its link sees it.' })
export type Invitation = z.infer<typeof invitation>

export const invitationReply = replyOf(z.object({ invite: invitation }))

/** The fields of a new account. */
const account = z.object({
  name: displayName,
  username: username.describe('The username: 3 to 30 characters of a–z, 0–9 and _.'),
  password: newPassword,
  timezone: timezone.optional(),
})
export type NewAccount = z.output<typeof account>

const requiredOfAccount = ['name', 'username', 'password'] as const

/** The token alone accepts with the actor's account; with the other fields it creates an account. */
export const acceptBody = z
  .strictObject({ token: linkToken, ...account.partial().shape })
  .superRefine(({ token: _, ...given }, ctx) => {
    if (Object.keys(given).length === 0) return
    for (const field of requiredOfAccount) {
      if (given[field] === undefined)
        ctx.addIssue(issueOf([field], faultOf('REQUIRED', {}, 'is required for an account')))
    }
  })
  .meta({
    id: 'InviteAcceptance',
    description:
      'The token alone accepts with the account that is signed in; with the other fields it creates an account.',
    examples: [{ token: '7HKcXJ3u1pQ', name: 'Bo Example', username: 'bo_example', password: examplePassword }],
  })

/** Returns the account to create; undefined when the body has none. */
export function accountIn({ token: _, ...given }: z.output<typeof acceptBody>): NewAccount | undefined {
  return account.safeParse(given).data
}
