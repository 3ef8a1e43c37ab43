import { z } from 'zod'
import { defineHint } from './define-job.ts'

/** Writes down which invitations have run out, daily; their links work no longer than their term in any case. */
export const expireInvites = defineHint({ queue: 'audit', name: 'expire-invites', payload: z.strictObject({}) })
