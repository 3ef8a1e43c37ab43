import { notificationData } from '@muster/notifications'
import { notificationTypes } from '@muster/policy'
import { z } from 'zod'
import { instant } from './instant.ts'
import { userSummary } from './user-summary.ts'

export const notificationType = z
  .enum(notificationTypes)
  .meta({ id: 'NotificationType', description: 'What a notification is about.' })

export const notification = z
  .object({
    id: z.uuid().describe('The id of the notification.'),
    type: notificationType.describe('What it is about.'),
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
