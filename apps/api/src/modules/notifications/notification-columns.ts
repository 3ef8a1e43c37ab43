import type { Notification } from '@muster/realtime/shapes'
import { columnsOf } from '../../sql/columns.ts'

/** A notification as it is stored: `summarized` is the number of notifications that the row summarizes, or null. */
export type StoredNotification = Omit<Notification, 'actor' | 'data'> & { data: unknown; summarized: number | null }

/** The columns of a notification by its fields: the one list of them. */
export const notificationColumns = columnsOf<'notifications', StoredNotification, 'user_id' | 'request_id'>(
  'notifications',
  {
    id: 'uuid',
    type: 'text',
    title: 'text',
    message: 'text',
    taskId: 'uuid',
    chatId: 'uuid',
    data: 'jsonb',
    isRead: 'boolean',
    createdAt: 'timestamptz',
    summarized: 'integer',
  },
)
