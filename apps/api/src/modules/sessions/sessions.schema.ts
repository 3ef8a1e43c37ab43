import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { deviceKinds } from '../../http/device-name.ts'
import { replyOf } from '../../http/reply.ts'
import { user } from '../accounts/accounts.schema.ts'

/** The description of a device by its user agent, which may be invented. */
const device = z
  .object({
    browser: z
      .string()
      .nullable()
      .meta({ description: 'The name of the browser or program, null when it is not known.', examples: ['Firefox'] }),
    os: z
      .string()
      .nullable()
      .meta({ description: 'The operating system, null when it is not known.', examples: ['Windows'] }),
    kind: z.enum(deviceKinds).describe('The kind of device; `program` is no browser.'),
    label: z.string().meta({ description: 'The device in words.', examples: ['Firefox on Windows'] }),
  })
  .meta({ id: 'Device', description: 'What a user agent says about itself, which it may invent.' })

export const session = z
  .object({
    id: z.uuid().describe('The id of the session.'),
    device,
    userAgent: z
      .string()
      .nullable()
      .meta({ description: 'The browser, as it names itself.', examples: ['Mozilla/5.0'] }),
    ip: z
      .string()
      .nullable()
      .meta({ description: 'The address of the latest request.', examples: ['192.0.2.1'] }),
    createdAt: instant.describe('When the user signed in.'),
    lastUsedAt: instant.describe('When the session was last renewed.'),
    expiresAt: instant.describe('When it ends without further use.'),
    current: z.boolean().describe('Whether it is the session of this request.'),
  })
  .meta({ id: 'Session', description: 'A browser or device that is signed in.' })

export const sessionsReply = replyOf(
  z
    .object({ sessions: z.array(session).describe('The open sessions, the last used first.') })
    .meta({ id: 'SessionList', description: 'Items of the list.' }),
)

/** Who is signed in. */
export const sessionState = z
  .object({
    user: user.nullable().describe('The user who is signed in; null for a visitor who is not.'),
    session: z
      .object({
        id: z.uuid().describe('The id of the session, as in the list of sessions.'),
        createdAt: instant.describe('When the user signed in.'),
        expiresAt: instant.describe('When the session ends unless it is used before. Every request extends it.'),
      })
      .nullable()
      .describe('The session; null for a visitor who is not signed in.'),
    factorToSetUp: z
      .enum(['otp', 'totp'])
      .nullable()
      .describe(
        'The second factor that the organization requires and the user lacks: until it is set up, little else works.',
      ),
    isDemo: z.boolean().describe('Whether the data of this installation is made up, which front ends show.'),
  })
  .meta({ id: 'SessionState', description: 'Who is signed in.' })
export type SessionState = z.infer<typeof sessionState>

export const sessionStateReply = replyOf(sessionState)
