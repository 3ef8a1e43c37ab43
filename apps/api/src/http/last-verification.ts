import type { LastVerification } from '@muster/audit'
import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'

export const lastVerification = z
  .object({
    at: instant.describe('When it ended.'),
    complete: z.boolean().describe('Whether it reached the end of the log.'),
    checked: z.int().meta({ description: 'How many events it checked.', examples: [52_000] }),
    toSeq: z.int().meta({ description: 'The number of the last event that it checked.', examples: [52_000] }),
    firstBrokenSeq: z
      .int()
      .nullable()
      .meta({ description: 'The number of the first event that is broken; null when none is.', examples: [null] }),
  })
  .meta({
    id: 'LastAuditVerification',
    description:
      'The newest verification of the log that began at its first event and reached the end or found something broken.',
  })

export const toLastVerification = (found: LastVerification | undefined): z.infer<typeof lastVerification> | null => {
  if (!found) return null
  const { at, isComplete, checked, toSeq, firstBrokenSeq } = found
  return { at: at.toISOString(), complete: isComplete, checked, toSeq, firstBrokenSeq }
}
