import { chatFile } from '@muster/realtime/shapes'
import { z } from 'zod'
import { id } from '../../../http/fields.ts'
import { replyOf } from '../../../http/reply.ts'

export const chatFileParams = z.strictObject({
  id: id.describe('The id of the chat.'),
  attachmentId: id.describe('The id of the file.'),
})
export const chatFileReply = replyOf(z.object({ attachment: chatFile }))
export const chatFilesReply = replyOf(
  z
    .object({ attachments: z.array(chatFile).describe('The files, in the order of the request.') })
    .meta({ id: 'ChatFileList', description: 'Files of a chat.' }),
)
