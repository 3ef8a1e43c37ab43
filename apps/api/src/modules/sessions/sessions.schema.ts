import { z } from 'zod'
import { instant, replyOf } from '../../http/reply.ts'

const session = z
  .object({
    id: z.uuid(),
    userAgent: z.string().nullable(),
    ip: z.string().nullable(),
    createdAt: instant,
    lastUsedAt: instant,
    expiresAt: instant,
    current: z.boolean(),
  })
  .meta({ id: 'Session' })

export const sessionsReply = replyOf(z.object({ sessions: z.array(session) }))
