import { faultOf } from '@muster/errors'
import { roleSchema } from '@muster/policy'
import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { issueOf } from '../../http/errors/details-of-issues.ts'
import { replyOf } from '../../http/reply.ts'
import { session } from '../sessions/sessions.schema.ts'
import { twoFactorState } from '../two-factor/two-factor.schema.ts'

const openSession = session
  .omit({ current: true })
  .meta({ id: 'UserSession', description: 'A browser or device on which a user is signed in.' })

const endedSession = openSession
  .extend({
    endedAt: instant.describe('When it ended.'),
    endReason: z
      .string()
      .nullable()
      .meta({ description: 'Why it ended.', examples: ['signed out'] }),
  })
  .meta({ id: 'EndedSession', description: 'A session of a user that has ended.' })

export const userSessions = z
  .object({
    open: z.array(openSession).describe('The open sessions, the last used first.'),
    ended: z.array(endedSession).describe('Up to 20 sessions that have ended, the last opened first.'),
  })
  .meta({ id: 'UserSessions', description: 'The sessions of a user.' })
export type UserSessions = z.infer<typeof userSessions>
export const userSessionsReply = replyOf(z.object({ sessions: userSessions }))

export const userFactors = twoFactorState
  .extend({
    appSince: instant
      .nullable()
      .meta({ description: 'Since when the authenticator app is in use; null without one.', examples: [null] }),
    passwordLockedUntil: instant.nullable().meta({
      description: 'Until when passwords are refused after wrong ones, on devices on which the user never signed in.',
      examples: [null],
    }),
    codeLockedUntil: instant
      .nullable()
      .meta({ description: 'Until when codes are refused after wrong ones, on such devices.', examples: [null] }),
  })
  .meta({
    id: 'UserFactors',
    description: 'The second factor of a user, and whether failed attempts lock the account.',
  })
export type UserFactors = z.infer<typeof userFactors>
export const userFactorsReply = replyOf(z.object({ factors: userFactors }))

export const userActions = ['deactivate', 'reactivate', 'changeRole', 'revokeSessions', 'sendPasswordLink'] as const
const action = z.enum(userActions).meta({ id: 'UserAction', description: 'What an administrator can do to a user.' })
export type UserAction = z.infer<typeof action>

export const consequencesQuery = z
  .strictObject({
    action: action.meta({ description: 'What would be done.', examples: ['changeRole'] }),
    role: roleSchema.optional().meta({ description: 'The new role, for `changeRole`.', examples: ['operator'] }),
  })
  .superRefine(({ action: what, role }, ctx) => {
    if ((what === 'changeRole') === (role !== undefined)) return
    const fault =
      role === undefined
        ? faultOf('REQUIRED', { when: 'action', value: what }, 'is required to change a role')
        : faultOf('NOT_COMBINABLE', { with: 'action', value: what }, 'is only for changing a role')
    ctx.addIssue(issueOf(['role'], fault))
  })
export type ConsequencesQuery = z.output<typeof consequencesQuery>

const count = (description: string) => z.int().meta({ description, examples: [0] })

export const consequences = z
  .object({
    action,
    changesNothing: z.boolean().describe('Whether the user is in that state already.'),
    refusal: z
      .object({
        code: z.string().meta({ description: 'The `error.code` of the answer.', examples: ['LAST_ADMIN'] }),
        message: z.string().meta({ description: 'Why, in words.', examples: ['An organization needs an admin.'] }),
      })
      .nullable()
      .meta({
        description: 'How the action would be refused to the caller now; null when it would not.',
        examples: [null],
      }),
    canUndo: z.boolean().describe('Whether another action restores what was. Sessions that ended stay ended.'),
    sessions: count('Open sessions that end.'),
    reminders: count('Pending reminders: not sent while the account is deactivated, or sent again from now on.'),
    queuedMails: count('Mails to the user that are on their way. They are sent all the same.'),
    invitations: count(
      'Open invitations of the user, which nobody can accept while they may not invite; or can again.',
    ),
    openTasks: count('Tasks of the user that are not completed. They stay.'),
    movedTasks: count('Tasks of the user that move out of the organization, or into the new one.'),
    leftGroups: count('Groups of the organization that the user leaves.'),
    membersWithoutAdmin: count('Other members of the organization, when no active client_admin is left among them.'),
  })
  .meta({ id: 'UserConsequences', description: 'What an action would do to a user, counted now.' })
export type Consequences = z.infer<typeof consequences>
export const consequencesReply = replyOf(z.object({ consequences }))
