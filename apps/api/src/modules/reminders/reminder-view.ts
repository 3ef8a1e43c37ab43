import type { Database } from '@muster/db'
import type { Selectable } from 'kysely'
import type { Reminder } from './reminders.schema.ts'

type Stored = Selectable<Database['reminders']>

/** A row as Postgres gives it, or as it stands in aggregated JSON: times may be text. */
export type ReminderRow = Pick<
  Stored,
  'id' | 'task_id' | 'user_id' | 'offset_minutes' | 'type' | 'message' | 'status' | 'late'
> & { scheduled_at: Date | string; sent_at: Date | string | null; created_at: Date | string }

/** The row as its person sees it. */
export function toReminder(row: ReminderRow): Reminder {
  return {
    id: row.id,
    taskId: row.task_id,
    scheduledAt: new Date(row.scheduled_at).toISOString(),
    offsetMinutes: row.offset_minutes,
    type: row.type as Reminder['type'],
    message: row.message,
    status: row.status as Reminder['status'],
    late: row.late,
    sentAt: row.sent_at && new Date(row.sent_at).toISOString(),
    createdAt: new Date(row.created_at).toISOString(),
  }
}
