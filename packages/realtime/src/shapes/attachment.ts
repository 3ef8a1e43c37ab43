import { z } from 'zod'
import { fileUrl } from './file-url.ts'
import { instant } from './instant.ts'

/** The fields that files of tasks and of chats share. */
const file = z.object({
  id: z.uuid().describe('The id of the file.'),
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

/** A file of a task. An image is `processing` until the image worker has processed it. */
export const attachment = z
  .object({ taskId: z.uuid().describe('The task to which it belongs.'), ...file.shape })
  .meta({ id: 'Attachment', description: 'A file of a task.' })
export type Attachment = z.infer<typeof attachment>

/** A file of a chat. Until a message has it, only its uploader sees it. */
export const chatFile = z
  .object({ chatId: z.uuid().describe('The chat to which it was uploaded.'), ...file.shape })
  .meta({ id: 'ChatFile', description: 'A file of a chat.' })
export type ChatFile = z.infer<typeof chatFile>
