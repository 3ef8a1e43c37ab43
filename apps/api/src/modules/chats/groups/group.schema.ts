import { chat } from '@muster/realtime/shapes'
import { z } from 'zod'
import { id } from '../../../http/fields.ts'
import { replyOf } from '../../../http/reply.ts'
import { groupName } from '../chats.schema.ts'

export const chatPatch = z
  .strictObject({
    name: groupName.meta({ description: 'The new name of the group, at most 100 characters.', examples: ['Garden'] }),
  })
  .meta({ id: 'ChatPatch', description: 'What to change of a group.' })

export const groupReply = replyOf(z.object({ chat }))

export const avatarQuery = z.strictObject({ v: id.optional().describe('The version that `avatarUrl` names.') })

/** Only for the OpenAPI document: the file is read as a stream and not validated by a schema. */
export const avatarBody = z.unknown().meta({
  id: 'ChatAvatarUpload',
  json: {
    type: 'object',
    description: 'The picture.',
    properties: { file: { type: 'string', format: 'binary', description: 'A jpeg, png, gif or webp.' } },
    required: ['file'],
  },
})
