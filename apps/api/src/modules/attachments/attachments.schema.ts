import { z } from 'zod'
import { id } from '../../http/fields.ts'
import { fileUrl } from '../../http/file-urls.ts'
import { instant, replyOf } from '../../http/reply.ts'

/** A file of a task. An image is `processing` until the image worker has processed it. */
export const attachment = z
  .object({
    id: z.uuid().describe('The id of the file.'),
    taskId: z.uuid().describe('The task to which it belongs.'),
    filename: z.string().meta({ description: 'Its name.', examples: ['plan.webp'] }),
    contentType: z.string().meta({ description: 'Its media type.', examples: ['image/webp'] }),
    size: z.int().meta({ description: 'Its size in bytes.', examples: [10_240] }),
    status: z.enum(['processing', 'ready', 'failed']).meta({
      description: 'An image is `processing` until it has been optimized. `failed` says why in `failureReason`.',
      examples: ['ready'],
    }),
    url: fileUrl.nullable().meta({
      description: 'Where the bytes are; null until the file is ready.',
      examples: ['https://api.example.com/api/v1/attachments/01980f3a-0000-7000-8000-000000000001/content'],
    }),
    thumbnailUrl: fileUrl.nullable().meta({
      description: 'Where the thumbnail of an image is; null without one.',
      examples: ['https://api.example.com/api/v1/attachments/01980f3a-0000-7000-8000-000000000001/thumbnail'],
    }),
    width: z
      .int()
      .nullable()
      .meta({ description: 'The width of an image in pixels.', examples: [1920] }),
    height: z
      .int()
      .nullable()
      .meta({ description: 'The height of an image in pixels.', examples: [1080] }),
    optimizationStats: z
      .object({
        originalSize: z.int().meta({ description: 'Bytes before.', examples: [20_480] }),
        optimizedSize: z.int().meta({ description: 'Bytes after.', examples: [10_240] }),
        compressionRatio: z.int().meta({ description: 'The percentage saved.', examples: [50] }),
      })
      .nullable()
      .describe('What the optimization saved; null for a file that was not optimized.'),
    failureReason: z
      .string()
      .nullable()
      .meta({ description: 'Why the image could not be used, for the user.', examples: [null] }),
    createdAt: instant.describe('When it was uploaded.'),
  })
  .meta({ id: 'Attachment', description: 'A file of a task.' })
export type Attachment = z.infer<typeof attachment>

export const attachmentParams = z.strictObject({ id: id.describe('The id of the file.') })
export const taskOfFilesParams = z.strictObject({ id: id.describe('The id of the task.') })
export const attachmentReply = replyOf(z.object({ attachment }))
export const attachmentsReply = replyOf(
  z
    .object({ attachments: z.array(attachment).describe('The files, the oldest first.') })
    .meta({ id: 'AttachmentList', description: 'Files of a task.' }),
)

/** For the documentation only: the parts are read as a stream without a schema. */
export const uploadBody = z.unknown().meta({
  id: 'Upload',
  json: {
    type: 'object',
    description: 'Files to attach.',
    properties: {
      files: {
        type: 'array',
        description: 'The files, each a part with a file name.',
        items: { type: 'string', format: 'binary' },
        minItems: 1,
        maxItems: 10,
      },
    },
    required: ['files'],
  },
})
