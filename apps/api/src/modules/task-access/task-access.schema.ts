import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'

export const taskStatuses = ['todo', 'in-progress', 'completed'] as const
export const taskStatus = z.enum(taskStatuses).meta({ id: 'TaskStatus', description: 'How far a task is.' })

/** A task as it is shown beside something that belongs to it. */
export const taskSummary = z
  .object({
    id: z.uuid().describe('The id of the task.'),
    title: z.string().meta({ description: 'Its title.', examples: ['Water the plants'] }),
    status: taskStatus.describe('How far it is.'),
    dueDate: instant.nullable().describe('When it is due; null without a due date.'),
  })
  .meta({ id: 'TaskSummary', description: 'A task beside something that belongs to it.' })
export type TaskSummary = z.infer<typeof taskSummary>
