import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { rule } from '../../http/errors/details-of-issues.ts'
import { text } from '../../http/fields.ts'
import { replyOf } from '../../http/reply.ts'
import { twoFactorMethod } from '../accounts/accounts.schema.ts'

export const organizationName = text({ min: 1, max: 100 }).meta({
  description: 'The name of the organization.',
  examples: ['Example Ltd.'],
})

export const organization = z
  .object({
    id: z.uuid().describe('The id of the organization.'),
    name: z.string().meta({ description: 'Its name.', examples: ['Example Ltd.'] }),
    twoFactorMethod: twoFactorMethod.describe('The second factor that its members must have.'),
    memberCount: z.int().describe('The number of its members.'),
    createdAt: instant.describe('When it was created.'),
  })
  .meta({ id: 'Organization', description: 'An organization.' })
export type Organization = z.infer<typeof organization>

export const organizationReply = replyOf(z.object({ organization }))

export const organizationPatch = z
  .strictObject({
    name: organizationName,
    twoFactorMethod: twoFactorMethod.describe(
      'The second factor that members must have. `totp` satisfies a required `otp`, but not the reverse.',
    ),
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, rule('NOTHING_TO_CHANGE'))
  .meta({ id: 'OrganizationPatch', description: 'What to change of the organization.' })
export type OrganizationPatch = z.infer<typeof organizationPatch>
