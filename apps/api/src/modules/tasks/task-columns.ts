import { columnsOf } from '../../sql/columns.ts'
import type { TaskFields } from './tasks.schema.ts'

/** The columns that the reminder worker and the search use alone. */
type InternalColumn = 'search' | 'upcoming_for' | 'overdue_for'

/** The columns of a task by the fields of the API: the one list of them. */
export const taskColumns = columnsOf<'tasks', TaskFields, InternalColumn>('tasks', {
  id: 'uuid',
  ownerId: 'uuid',
  assigneeId: 'uuid',
  organizationId: 'uuid',
  title: 'text',
  description: 'text',
  dueDate: 'timestamptz',
  priority: 'text',
  category: 'text',
  status: 'text',
  link: 'text',
  completedAt: 'timestamptz',
  version: 'integer',
  createdAt: 'timestamptz',
  updatedAt: 'timestamptz',
})
