import { attachment } from '@muster/realtime/shapes'
import { z } from 'zod'
import { id } from '../../http/fields.ts'
import { replyOf } from '../../http/reply.ts'

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
