import { columnsOf } from '../../sql/columns.ts'
import type { TaskReminder } from './reminders.schema.ts'

/** The columns that the API does not show. */
type InternalColumn = 'user_id' | 'completed_at' | 'failure_reason' | 'handed_at' | 'version' | 'updated_at'

/** The columns of a reminder by the fields of the API: the one list of them. */
export const reminderColumns = columnsOf<'reminders', TaskReminder, InternalColumn>('reminders', {
  id: 'uuid',
  taskId: 'uuid',
  scheduledAt: 'timestamptz',
  offsetMinutes: 'integer',
  type: 'text',
  message: 'text',
  status: 'text',
  late: 'boolean',
  sentAt: 'timestamptz',
  createdAt: 'timestamptz',
})
