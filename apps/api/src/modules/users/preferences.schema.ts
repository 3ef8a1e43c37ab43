import { preferences } from '@muster/policy'
import { z } from 'zod'
import { replyOf } from '../../plugins/reply.ts'

export const preferencesReply = replyOf(z.object({ preferences }))
