import { preferences } from '@muster/policy'
import { z } from 'zod'
import { replyOf } from '../../http/reply.ts'

/** A field that is left out gets its default. */
export const preferencesBody = preferences.meta({
  id: 'NewPreferences',
  description: 'All preferences; a field that is left out gets its default.',
  examples: [{ morningDigest: true }],
})

const stored = preferences.meta({ id: 'Preferences', description: 'The choice of notifications and their channels.' })
export const preferencesReply = replyOf(z.object({ preferences: stored.describe('All preferences.') }))
