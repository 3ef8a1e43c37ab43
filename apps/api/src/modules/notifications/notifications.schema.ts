import { notification, notificationType } from '@muster/realtime/shapes'
import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { id, listOf, queryBoolean } from '../../http/fields.ts'
import { pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'

export const notificationParams = z.strictObject({ id: id.describe('The id of the notification.') })

export const notificationQuery = z.strictObject({
  unread: queryBoolean.optional().describe('`true` lists only unread notifications, `false` only read ones.'),
  type: listOf(notificationType).optional().describe('Only these types.'),
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
