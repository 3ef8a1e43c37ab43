import { z } from 'zod'
import { rule } from '../../http/errors/details-of-issues.ts'
import { text } from '../../http/fields.ts'
import { instant, replyOf } from '../../http/reply.ts'

export const organizationName = text({ min: 1, max: 100 })
/** `totp` satisfies an organization that requires `otp`, but not the reverse. */
const requiredFactor = z.enum(['none', 'otp', 'totp'])

export const organization = z
  .object({
    id: z.uuid(),
    name: z.string(),
    /** The second factor that its members must have. */
    twoFactorMethod: requiredFactor,
    memberCount: z.int(),
    createdAt: instant,
  })
  .meta({ id: 'Organization' })
export type Organization = z.infer<typeof organization>

export const organizationReply = replyOf(z.object({ organization }))

export const organizationPatch = z
  .strictObject({ name: organizationName, twoFactorMethod: requiredFactor })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, rule('NOTHING_TO_CHANGE'))
export type OrganizationPatch = z.infer<typeof organizationPatch>
