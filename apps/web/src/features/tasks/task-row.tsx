import type { Task } from '@muster/client'
import { Link } from '@tanstack/react-router'
import { Bell, Paperclip, Trash2 } from 'lucide-react'
import { memo } from 'react'
import { m } from '../../paraglide/messages.js'
import { Avatar } from '../../ui/avatar.tsx'
import { Badge } from '../../ui/badge.tsx'
import { IconButton } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { cx } from '../../ui/cx.ts'
import { CompleteBox } from './complete-box.tsx'
import { DueText } from './due-text.tsx'
import { priorityLabel, priorityTones, statusLabel } from './labels.ts'
import { deleteWithUndo } from './mutations.ts'

export type TaskRowProps = {
  task: Task
  timeZone: string
  /** {@link minuteNow}, with which what is said of the due date changes. */
  minute: number
  isSelected?: boolean | undefined
  /** Given where tasks can be selected. */
  onSelect?: ((task: Task, isSelected: boolean) => void) | undefined
}

/** Returns the number of the present minute. */
export const minuteNow = (): number => Math.floor(Date.now() / 60_000)

/** A task as a line of a list. A row whose properties are the same is not rendered again while a list scrolls. */
export const TaskRow = memo(function TaskRow({ task, timeZone, isSelected, onSelect }: TaskRowProps) {
  const isDone = task.status === 'completed'
  const pending = task.reminders.filter(({ status }) => status === 'pending').length
  return (
    <div
      className={cx(
        'group/row flex items-start gap-1.5 border-b border-line py-2 ps-2 pe-2 hover:bg-raised/60 sm:ps-3',
        isSelected && 'bg-accent-soft',
      )}
    >
      {onSelect && (
        <Checkbox
          label={m.tasks_select({ title: task.title })}
          isLabelHidden
          checked={isSelected ?? false}
          onChange={({ target }) => onSelect(task, target.checked)}
          className="px-1 pt-1.5 touch:min-w-8 touch:pt-0"
        />
      )}
      <CompleteBox task={task} />
      <Link
        to="/tasks/$taskId"
        params={{ taskId: task.id }}
        className="min-w-0 flex-1 self-stretch rounded-sm py-1.5"
        preload={false}
      >
        <bdi className={cx('line-clamp-2 break-words font-medium', isDone ? 'text-ink-3 line-through' : 'text-ink')}>
          {task.title}
        </bdi>
        <span className="mt-0.5 flex min-h-5 flex-wrap items-center gap-x-3 gap-y-1 text-sm text-ink-3">
          <DueText task={task} timeZone={timeZone} />
          {task.status === 'in-progress' && <span className="text-accent">{statusLabel(task.status)}</span>}
          {task.category !== null && <bdi className="max-w-40 truncate">{task.category}</bdi>}
          {task.attachments.length > 0 && (
            <span className="inline-flex items-center gap-1">
              <Paperclip aria-hidden="true" className="size-3.5" />
              <span className="sr-only">{m.tasks_file_count({ count: task.attachments.length })}</span>
              <span aria-hidden="true">{task.attachments.length}</span>
            </span>
          )}
          {pending > 0 && (
            <span className="inline-flex items-center gap-1">
              <Bell aria-hidden="true" className="size-3.5" />
              <span className="sr-only">{m.tasks_reminder_count({ count: pending })}</span>
              <span aria-hidden="true">{pending}</span>
            </span>
          )}
        </span>
      </Link>
      <span className="flex h-9 items-center gap-2">
        {task.priority !== 'medium' && (
          <span className="hidden sm:block">
            <Badge tone={priorityTones[task.priority]}>{priorityLabel(task.priority)}</Badge>
          </span>
        )}
        {task.assignee && (
          <span title={task.assignee.name} className="flex">
            <Avatar name={task.assignee.name} url={task.assignee.avatarUrl} size="xs" />
            <span className="sr-only">{m.tasks_assigned_to({ name: task.assignee.name })}</span>
          </span>
        )}
        <IconButton
          size="sm"
          label={m.tasks_delete({ title: task.title })}
          hasTooltip={false}
          icon={<Trash2 aria-hidden="true" />}
          onClick={() => deleteWithUndo(task)}
          className="text-ink-3 sm:opacity-0 sm:group-focus-within/row:opacity-100 sm:group-hover/row:opacity-100 touch:opacity-100"
        />
      </span>
    </div>
  )
})
