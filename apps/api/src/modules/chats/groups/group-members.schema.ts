import { chatMember, chatRole } from '@muster/realtime/shapes'
import { z } from 'zod'
import { cursorText } from '../../../http/cursor.ts'
import { id } from '../../../http/fields.ts'
import { pageSize } from '../../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../../http/reply.ts'
import { publicUser } from '../../accounts/accounts.schema.ts'
import { maxMembers } from '../chat-members.ts'

export const memberParams = z.strictObject({
  id: id.describe('The id of the chat.'),
  userId: id.describe('The id of the member.'),
})

export const addition = z
  .strictObject({
    userIds: z
      .array(id)
      .min(1)
      .max(maxMembers)
      .describe('The users to add: friends of the caller, and members of their organization.'),
  })
  .meta({ id: 'ChatMembersToAdd', description: 'Users to add to a group.' })

export const memberPatch = z
  .strictObject({ role: chatRole.describe('The new role.') })
  .meta({ id: 'ChatMemberPatch', description: 'What to change of a member.' })

export const departure = z
  .strictObject({
    successorId: id
      .nullish()
      .describe(
        'The member who becomes admin. Required when the caller is the last admin of a group with other members.',
      ),
  })
  .nullish()
  .meta({ id: 'ChatDeparture', description: 'How to leave a group.' })

/** A member of a chat in its list, with presence and read position as far as the viewer may know them. */
const listedMember = chatMember
  .extend({
    status: publicUser.shape.status,
    lastSeenAt: publicUser.shape.lastSeenAt,
    readSeq: z
      .int()
      .min(0)
      .nullable()
      .describe('The last message that the member has read; null when the caller may not know it.'),
  })
  .meta({ id: 'ListedChatMember', description: 'A member of a chat, with presence where the caller may see it.' })
export type ListedChatMember = z.infer<typeof listedMember>

export const membersQuery = z.strictObject({ limit: pageSize(50), cursor: cursorText })
export type MembersQuery = z.output<typeof membersQuery>

const members = z.array(listedMember).describe('The members, by the order in which they joined.')
export const memberListReply = pageReplyOf(
  z.object({ members }).meta({ id: 'ChatMemberList', description: 'Items of the list.' }),
)
export const addedReply = replyOf(z.object({ members }).meta({ id: 'AddedChatMembers', description: 'Who was added.' }))
export const memberReply = replyOf(z.object({ member: listedMember }))
