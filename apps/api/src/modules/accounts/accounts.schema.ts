import { faultOf } from '@muster/errors'
import { username } from '@muster/identifiers'
import { roleSchema } from '@muster/policy'
import { instant, userSummary } from '@muster/realtime/shapes'
import { canonicalZone } from '@muster/zones'
import { z } from 'zod'
import { issueOf, rule } from '../../http/errors/details-of-issues.ts'
import { id, listOf, queryInteger, text } from '../../http/fields.ts'
import { replyOf } from '../../http/reply.ts'

/** The bounds of what users write about themselves, in characters. */
export const profileLengths = { name: { min: 1, max: 100 }, bio: { min: 0, max: 150 } }

export const displayName = text(profileLengths.name).meta({
  description: 'The name that others read, in any script.',
  examples: ['Ann Example'],
})
/** Converted to the canonical IANA name, which Node and Postgres both know. */
export const timezone = z
  .string()
  .overwrite((name) => canonicalZone(name) ?? name)
  .refine((name) => canonicalZone(name) !== undefined, rule('INVALID_TIME_ZONE', { example: 'Europe/Berlin' }))
  .meta({
    description: 'The IANA name of a time zone. Answers have the present name of its region.',
    examples: ['Europe/Berlin'],
  })

/** An address of an account. Its domain may be in any script, and `z.email()` also refuses valid addresses such as `a&b@example.com`. */
export const accountEmail = z
  .string()
  .meta({ format: 'email', description: 'The e-mail address.', examples: ['ann@example.com'] })
const presence = z.enum(['online', 'offline']).meta({ id: 'PresenceStatus', description: 'Online, or not.' })
export const twoFactorMethod = z.enum(['none', 'otp', 'totp']).meta({
  id: 'TwoFactorMethod',
  description: 'A second factor: none, mailed codes (`otp`) or an authenticator app (`totp`).',
})

/** A user as they and administrators see them. */
export const user = z
  .object({
    ...userSummary.shape,
    email: accountEmail,
    role: roleSchema.meta({ description: 'What the user may do.', examples: ['client_admin'] }),
    organizationId: z.uuid().nullable().describe('The organization of the user; null for platform roles.'),
    bio: z
      .string()
      .nullable()
      .meta({ description: 'Some words about the user.', examples: ['Likes lists.'] }),
    timezone: z.string().meta({ description: 'The IANA name of the time zone.', examples: ['Europe/Berlin'] }),
    status: presence.describe(
      'Online until five minutes after the last request; offline also where presence is hidden.',
    ),
    lastSeenAt: instant
      .nullable()
      .describe('When the user was last online; null when never, or where presence is hidden.'),
    twoFactorMethod: twoFactorMethod.describe('The second factor of the user.'),
    hasPassword: z.boolean().describe('Whether the user can sign in by password.'),
    authProviders: z.array(z.enum(['local', 'google'])).describe('The ways in which the user can sign in.'),
    createdAt: instant.describe('When the account was created.'),
  })
  .meta({ id: 'User', description: 'A user as they and administrators see them.' })
export type User = z.infer<typeof user>

export const userReply = replyOf(z.object({ user: user.describe('The user.') }))

/** A user as others see them. Without visible presence, the status is `offline` and `lastSeenAt` null. */
export const publicUser = user
  .pick({ id: true, username: true, name: true, avatarUrl: true, bio: true, status: true, lastSeenAt: true })
  .meta({ id: 'PublicUser', description: 'A user as others see them.' })
export type PublicUser = z.infer<typeof publicUser>

export const publicUserReply = replyOf(z.object({ user: publicUser.describe('The user.') }))
export const publicUsersReply = replyOf(
  z
    .object({ users: z.array(publicUser).describe('The users that were found.') })
    .meta({ id: 'UserList', description: 'Items of the list.' }),
)
export const userParams = z.strictObject({ id: id.describe('The id of the user.') })
const maxIds = 100

/** Either a search, or the ids of users whose names are needed. */
export const userSearchQuery = z
  .strictObject({
    q: text({ min: 1, max: 100 })
      .optional()
      .meta({ description: 'A part of the name or username.', examples: ['ann'] }),
    ids: listOf(id, { max: maxIds })
      .optional()
      .describe(`Ids, instead of \`q\`: the answer has these users in this order, without those who are not visible.`),
    limit: queryInteger({ min: 1, max: 100 })
      .optional()
      .describe('The number of users that a search finds; 20 by default.'),
  })
  .superRefine(({ q, ids, limit }, ctx) => {
    if (q === undefined && ids === undefined)
      ctx.addIssue(issueOf(['q'], faultOf('REQUIRED', { unless: 'ids' }, 'is required unless ids are given')))
    if (q !== undefined && ids !== undefined) ctx.addIssue(issueOf(['ids'], faultOf('NOT_COMBINABLE', { with: 'q' })))
    if (limit !== undefined && ids !== undefined)
      ctx.addIssue(issueOf(['limit'], faultOf('NOT_COMBINABLE', { with: 'ids' })))
  })
export type UserSearchQuery = z.output<typeof userSearchQuery>

/** Accepts reserved usernames here: a user who has one may send it unchanged. The service refuses a new one. */
export const userPatch = z
  .strictObject({
    username: username.describe('Another username: 3 to 30 characters of a–z, 0–9 and _.'),
    name: displayName,
    bio: text({ ...profileLengths.bio, isMultiline: true })
      .nullable()
      .meta({ description: 'Some words about the user; null removes them.', examples: ['Likes lists.'] }),
    timezone,
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, rule('NOTHING_TO_CHANGE'))
  .meta({ id: 'UserPatch', description: 'The fields of the own profile to change.' })
export type UserPatch = z.infer<typeof userPatch>
