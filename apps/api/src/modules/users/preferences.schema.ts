import { z } from 'zod'
import { replyOf } from '../../plugins/reply.ts'

const flag = (usual: boolean) => z.boolean().default(usual)
const channels = (usual: { inApp: boolean; email: boolean }) =>
  z.strictObject({ inApp: flag(usual.inApp), email: flag(usual.email) }).prefault({})

/**
 * What a person wants to be told, and where. What is left out has its usual value, so that a client of the release before
 * can save what it knows.
 */
export const preferences = z
  .strictObject({
    /** One mail in the morning with what is due that day and what is overdue. */
    morningDigest: flag(true),
    /** A reminder an hour before a task is due. */
    hourBefore: flag(true),
    notifications: z
      .strictObject({
        // In the morning digest already.
        overdue: channels({ inApp: true, email: false }),
        upcoming: channels({ inApp: true, email: true }),
        reminder: channels({ inApp: true, email: true }),
        general: channels({ inApp: true, email: false }),
        invite: channels({ inApp: true, email: true }),
        chat: channels({ inApp: true, email: true }),
        security: z
          .strictObject({
            inApp: flag(true),
            email: z.literal(true, 'can not be turned off: these mails keep the account safe').default(true),
          })
          .prefault({}),
      })
      .prefault({}),
  })
  .meta({ id: 'Preferences' })
export type Preferences = z.output<typeof preferences>

export const usualPreferences = preferences.parse({})

export const preferencesReply = replyOf(z.object({ preferences }))
