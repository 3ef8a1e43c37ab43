import { preferences } from '@muster/policy'
import { z } from 'zod'
import { replyOf } from '../../http/reply.ts'

export const preferencesReply = replyOf(z.object({ preferences }))
