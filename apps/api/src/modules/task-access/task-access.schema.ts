import { z } from 'zod'
import { instant } from '../../http/reply.ts'

export const taskStatuses = ['todo', 'in-progress', 'completed'] as const
export const taskStatus = z.enum(taskStatuses)

/** A task as it is shown beside something that belongs to it. */
export const taskSummary = z
  .object({ id: z.uuid(), title: z.string(), status: taskStatus, dueDate: instant.nullable() })
  .meta({ id: 'TaskSummary' })
export type TaskSummary = z.infer<typeof taskSummary>
