import type { Task } from '@muster/client'
import { Check } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { cx } from '../../ui/cx.ts'
import { reloadLists } from './cache.ts'
import { changeQuickly, completeWithUndo } from './mutations.ts'

/** The round box that completes a task, and opens it again. */
export function CompleteBox({ task }: { task: Task }) {
  const isDone = task.status === 'completed'
  const label = isDone ? m.tasks_reopen({ title: task.title }) : m.tasks_complete({ title: task.title })
  const change = async () => {
    if (!isDone) await completeWithUndo([task])
    else if (await changeQuickly(task, { status: 'todo' })) reloadLists()
  }
  return (
    <button
      type="button"
      aria-label={label}
      onClick={change}
      className="group grid size-9 shrink-0 place-items-center rounded-full touch:size-11"
    >
      <span
        className={cx(
          'grid size-5.5 place-items-center rounded-full border-2 motion-safe:transition-colors',
          isDone
            ? 'border-success bg-success text-surface'
            : task.priority === 'high'
              ? 'border-danger text-transparent group-hover:border-success'
              : 'border-control text-transparent group-hover:border-success',
        )}
      >
        <Check aria-hidden="true" strokeWidth={3} className="size-3.5" />
      </span>
    </button>
  )
}
