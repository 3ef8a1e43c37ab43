import { z } from 'zod'
import { roleSchema } from '../../plugins/actor.ts'
import { text } from '../../plugins/fields.ts'
import { instant, replyOf } from '../../plugins/reply.ts'

export const username = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9_]{3,30}$/, 'has 3 to 30 characters of a–z, 0–9 and _')
export const personName = text({ min: 1, max: 100 })
export const email = z.string().trim().toLowerCase().pipe(z.email().max(254))
export const timezone = z.string().refine(isTimezone, 'is not an IANA time zone, e.g. Europe/Berlin')

/** A person as they and administrators see them. */
export const user = z
  .object({
    id: z.uuid(),
    username: z.string(),
    name: z.string(),
    email: z.string(),
    role: roleSchema,
    organizationId: z.uuid().nullable(),
    bio: z.string().nullable(),
    avatarUrl: z.string().nullable(),
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

export const userPatch = z
  .strictObject({ username, name: personName, bio: text({ max: 150, isMultiline: true }).nullable(), timezone })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, 'names nothing to change')
export type UserPatch = z.infer<typeof userPatch>

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return /^[A-Za-z]/.test(name)
  } catch {
    return false
  }
}
