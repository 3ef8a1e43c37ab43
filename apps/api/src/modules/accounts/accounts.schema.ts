import { username } from '@muster/identifiers'
import { roleSchema } from '@muster/policy'
import { canonicalZone } from '@muster/zones'
import { z } from 'zod'
import { id, text } from '../../http/fields.ts'
import { fileUrl } from '../../http/file-urls.ts'
import { instant, replyOf } from '../../http/reply.ts'

export const displayName = text({ min: 1, max: 100 })
/** Converted to the canonical IANA name, which Node and Postgres both know. */
export const timezone = z
  .string()
  .overwrite((name) => canonicalZone(name) ?? name)
  .refine((name) => canonicalZone(name) !== undefined, 'is not an IANA time zone by its name, e.g. Europe/Berlin')

/** A user as they and administrators see them. */
export const user = z
  .object({
    id: z.uuid(),
    username: z.string(),
    name: z.string(),
    email: z.string(),
    role: roleSchema,
    organizationId: z.uuid().nullable(),
    bio: z.string().nullable(),
    avatarUrl: fileUrl.nullable(),
    timezone: z.string(),
    status: z.enum(['online', 'offline']),
    lastSeenAt: instant.nullable(),
    twoFactorMethod: z.enum(['none', 'otp', 'totp']),
    hasPassword: z.boolean(),
    authProviders: z.array(z.enum(['local', 'google'])),
    createdAt: instant,
  })
  .meta({ id: 'User' })
export type User = z.infer<typeof user>

export const userReply = replyOf(z.object({ user }))

/** A user as others see them. Without visible presence, the status is `offline` and `lastSeenAt` null. */
export const publicUser = user
  .pick({ id: true, username: true, name: true, avatarUrl: true, bio: true, status: true, lastSeenAt: true })
  .meta({ id: 'PublicUser' })
export type PublicUser = z.infer<typeof publicUser>

/** A user as a name beside an id: what everyone who may know the id may know. */
export const userSummary = publicUser
  .pick({ id: true, username: true, name: true, avatarUrl: true })
  .meta({ id: 'UserSummary' })
export type UserSummary = z.infer<typeof userSummary>

export const publicUserReply = replyOf(z.object({ user: publicUser }))
export const publicUsersReply = replyOf(z.object({ users: z.array(publicUser) }))
export const userParams = z.strictObject({ id })
export const userSearchQuery = z.strictObject({ q: text({ min: 1, max: 100 }) })

/** Accepts reserved usernames here: a user who has one may send it unchanged. The service refuses a new one. */
export const userPatch = z
  .strictObject({ username, name: displayName, bio: text({ max: 150, isMultiline: true }).nullable(), timezone })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, 'must contain at least one field to change')
export type UserPatch = z.infer<typeof userPatch>
