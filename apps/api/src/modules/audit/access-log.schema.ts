import { roleSchema } from '@muster/policy'
import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { pageSize } from '../../http/pagination.ts'
import { pageReplyOf } from '../../http/reply.ts'

export const accessSubjects = [
  'profile',
  'mail',
  'report',
  'role',
  'activation',
  'membership',
  'sessions',
  'secondFactor',
] as const

const accessLogEntry = z
  .object({
    id: z.uuid().describe('The id of the event, by which the operator finds it in the audit log.'),
    access: z.enum(['read', 'changed']).meta({ description: 'Whether it was only read.', examples: ['read'] }),
    subject: z.enum(accessSubjects).meta({
      description:
        'What was read or changed: `profile` (with e-mail and role), `mail` (address, kind and delivery), `report` (a message of the caller that was reported, or a report by the caller), `role`, `activation` (deactivated or reactivated), `membership` (removed from the organization), `sessions` (read, or ended) or `secondFactor` (read, or turned off).',
      examples: ['profile'],
    }),
    isList: z.boolean().meta({ description: 'Whether it was in a list, beside others.', examples: [false] }),
    actor: z
      .object({
        name: z.string().meta({ description: 'The present name.', examples: ['Ann Example'] }),
        role: roleSchema.meta({ description: 'The present role.', examples: ['operator'] }),
      })
      .nullable()
      .meta({ description: 'Who did it; null for an operator of the installation at the command line.' }),
    createdAt: instant.describe('When it happened.'),
  })
  .meta({ id: 'AccessLogEntry', description: 'An access of another person to data of the caller.' })
export type AccessLogEntry = z.infer<typeof accessLogEntry>

export const accessLogQuery = z.strictObject({ limit: pageSize(50), cursor: cursorText })
export type AccessLogQuery = z.output<typeof accessLogQuery>

export const accessLogReply = pageReplyOf(
  z
    .object({ accesses: z.array(accessLogEntry).describe('The accesses, the newest first.') })
    .meta({ id: 'AccessLog', description: 'Items of the list.' }),
)
