import type { Task, UserSummary } from '@muster/client'
import { m } from '../../paraglide/messages.js'
import type { Tone } from '../../ui/badge.tsx'

/** Returns the name of a status in the language of the page. */
export const statusLabel = (status: Task['status']): string =>
  ({ todo: m.tasks_status_todo, 'in-progress': m.tasks_status_in_progress, completed: m.tasks_status_completed })[
    status
  ]()

/** Returns the name of a priority in the language of the page. */
export const priorityLabel = (priority: Task['priority']): string =>
  ({ high: m.tasks_priority_high, medium: m.tasks_priority_medium, low: m.tasks_priority_low })[priority]()

export const priorityTones: Record<Task['priority'], Tone> = { high: 'danger', medium: 'neutral', low: 'neutral' }

/** Tells whether an open task's due date has passed. */
export const isOverdue = ({ status, dueDate }: Pick<Task, 'status' | 'dueDate'>, now = Date.now()): boolean =>
  status !== 'completed' && dueDate !== null && Date.parse(dueDate) < now

/** Returns the name of a user; the own one is "me". */
export const personLabel = (person: Pick<UserSummary, 'id' | 'name'>, ownId: string): string =>
  person.id === ownId ? m.tasks_me({ name: person.name }) : person.name
