import { z } from 'zod'
import { id } from '../../http/fields.ts'
import { fileUrl } from '../../http/file-urls.ts'
import { instant, replyOf } from '../../http/reply.ts'

/** A file of a task. An image is `processing` until the image worker has processed it. */
export const attachment = z
  .object({
    id: z.uuid(),
    taskId: z.uuid(),
    filename: z.string(),
    contentType: z.string(),
    /** Bytes. */
    size: z.int(),
    status: z.enum(['processing', 'ready', 'failed']),
    /** Where the bytes are; null until the file is ready. */
    url: fileUrl.nullable(),
    thumbnailUrl: fileUrl.nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    /** Bytes before and after, and the percentage saved; null for a file that was not optimized. */
    optimizationStats: z
      .object({ originalSize: z.int(), optimizedSize: z.int(), compressionRatio: z.int() })
      .nullable(),
    failureReason: z.string().nullable(),
    createdAt: instant,
  })
  .meta({ id: 'Attachment' })
export type Attachment = z.infer<typeof attachment>

export const attachmentParams = z.strictObject({ id })
export const attachmentReply = replyOf(z.object({ attachment }))
export const attachmentsReply = replyOf(z.object({ attachments: z.array(attachment) }))

/** For the documentation only: the parts are read as a stream without a schema. */
export const uploadBody = z.unknown().meta({
  type: 'object',
  properties: { files: { type: 'array', items: { type: 'string', format: 'binary' }, minItems: 1, maxItems: 10 } },
  required: ['files'],
})
