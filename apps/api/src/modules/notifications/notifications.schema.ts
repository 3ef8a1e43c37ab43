import { notificationData } from '@muster/notifications'
import { notificationTypes } from '@muster/policy'
import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { id, listOf, queryBoolean } from '../../http/fields.ts'
import { pageSize } from '../../http/pagination.ts'
import { instant, pageReplyOf, replyOf } from '../../http/reply.ts'
import { userSummary } from '../accounts/accounts.schema.ts'

const type = z.enum(notificationTypes).meta({ id: 'NotificationType', description: 'What a notification is about.' })

export const notification = z
  .object({
    id: z.uuid().describe('The id of the notification.'),
    type: type.describe('What it is about.'),
    title: z.string().meta({ description: 'A title for the user.', examples: ['You completed: Water the plants'] }),
    message: z.string().meta({ description: 'What happened, for the user.', examples: ['The task is completed.'] }),
    taskId: z.uuid().nullable().describe('The task that it is about; null also when that is deleted.'),
    chatId: z
      .uuid()
      .nullable()
      .meta({ description: 'The chat that it is about.', examples: [null] }),
    actor: userSummary.nullable().describe('The user who caused it; null when nobody did.'),
    data: notificationData,
    isRead: z.boolean().describe('Whether the user has read it.'),
    createdAt: instant.describe('When it happened.'),
  })
  .meta({ id: 'Notification', description: 'Something that happened, for one user.' })
export type Notification = z.infer<typeof notification>

export const notificationParams = z.strictObject({ id: id.describe('The id of the notification.') })

export const notificationQuery = z.strictObject({
  unread: queryBoolean.optional().describe('`true` lists only unread notifications, `false` only read ones.'),
  type: listOf(type).optional().describe('Only these types.'),
  limit: pageSize(50),
  cursor: cursorText,
})
export type NotificationQuery = z.output<typeof notificationQuery>

export const notificationReply = replyOf(z.object({ notification }))
export const countReply = replyOf(z.object({ count: z.int().describe('The number of notifications.') }))
export const notificationPageReply = pageReplyOf(
  z
    .object({ notifications: z.array(notification).describe('The notifications, the newest first.') })
    .meta({ id: 'NotificationList', description: 'Items of the list.' }),
)
