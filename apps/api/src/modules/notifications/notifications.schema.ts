import { notificationTypes } from '@muster/policy'
import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { id, listOf, queryBoolean } from '../../http/fields.ts'
import { instant, pageReplyOf, replyOf } from '../../http/reply.ts'

const type = z.enum(notificationTypes)

export const notification = z
  .object({
    id: z.uuid(),
    type,
    title: z.string(),
    message: z.string(),
    /** Null also when the task is deleted. */
    taskId: z.uuid().nullable(),
    chatId: z.uuid().nullable(),
    /** Data of its type; `summarized` is the number of notifications that the row summarizes. */
    data: z.record(z.string(), z.unknown()),
    isRead: z.boolean(),
    createdAt: instant,
  })
  .meta({ id: 'Notification' })
export type Notification = z.infer<typeof notification>

export const notificationParams = z.strictObject({ id })

export const notificationQuery = z.strictObject({
  /** `true` lists only unread notifications, `false` only read ones. */
  unread: queryBoolean.optional(),
  type: listOf(type).optional(),
  cursor: cursorText,
})
export type NotificationQuery = z.output<typeof notificationQuery>

export const notificationReply = replyOf(z.object({ notification }))
export const countReply = replyOf(z.object({ count: z.int() }))
export const notificationPageReply = pageReplyOf(z.object({ notifications: z.array(notification) }))
