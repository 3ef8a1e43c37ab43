import { maybe, z } from '../../lib/zod.ts'

export const taskStatuses = ['todo', 'in-progress', 'completed'] as const
export const taskPriorities = ['high', 'medium', 'low'] as const
export const taskSorts = ['dueDate', '-dueDate', '-priority', '-createdAt', '-updatedAt', 'title'] as const

const text = z.string().check(z.maxLength(200))
const day = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/))

/** The search parameters of the list. An invalid value is ignored. Without `status` the list has open tasks. */
export const taskSearch = z.object({
  q: maybe(text),
  status: maybe(z.enum([...taskStatuses, 'all'])),
  priority: maybe(z.enum(taskPriorities)),
  /** An empty text means tasks without a category. */
  category: maybe(text),
  /** The id of a user, `me` or `none`. */
  assignee: maybe(z.string().check(z.maxLength(36))),
  /** The first and the last day on which tasks are due. */
  from: maybe(day),
  to: maybe(day),
  due: maybe(z.enum(['overdue', 'none'])),
  sort: maybe(z.enum(taskSorts)),
  view: maybe(z.enum(['board'])),
})
export type TaskSearch = z.infer<typeof taskSearch>

/** Tells whether the address narrows the list. */
export const isFiltered = ({ view: _, sort: __, ...filters }: TaskSearch): boolean =>
  Object.values(filters).some((value) => value !== undefined)
