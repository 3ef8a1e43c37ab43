import type { Task } from '@muster/client'
import { formatInstant } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { priorityLabel, statusLabel } from './labels.ts'

export type TaskField =
  | 'title'
  | 'description'
  | 'status'
  | 'priority'
  | 'category'
  | 'dueDate'
  | 'assigneeId'
  | 'assignee'
  | 'link'

/** Returns the name of a field of a task. */
export const fieldLabel = (field: TaskField): string =>
  ({
    title: m.tasks_title,
    description: m.tasks_description,
    status: m.tasks_status,
    priority: m.tasks_priority,
    category: m.tasks_category,
    dueDate: m.tasks_due,
    assigneeId: m.tasks_assignee,
    assignee: m.tasks_assignee,
    link: m.tasks_link,
  })[field]()

/** Returns a field's value as people read it. */
export function fieldValue(field: TaskField, value: string | null, timeZone: string): string {
  if (value === null || value === '') return m.tasks_nothing()
  if (field === 'status') return statusLabel(value as Task['status'])
  if (field === 'priority') return priorityLabel(value as Task['priority'])
  if (field === 'dueDate') return formatInstant(value, { timeZone, dateStyle: 'medium', timeStyle: 'short' })
  return value
}
