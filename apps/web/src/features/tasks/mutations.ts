import type { NewTask, Task, TaskPatch } from '@muster/client'
import { useSyncExternalStore } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { toast } from '../../ui/toast.tsx'
import { renewReminders } from '../reminders/renew-reminders.ts'
import { keepTask, reloadLists, replaceInLists } from './cache.ts'

/** How long a deletion can be taken back. */
const undoMs = 5_000

/** Creates a task. @throws MusterError */
export async function createTask(task: NewTask): Promise<Task> {
  const created = await muster.tasks.create(task)
  reloadLists()
  return created
}

/** Changes the version of a task that the person has seen. @throws MusterError `STALE` when another change came first */
export async function updateTask({ id, version }: Pick<Task, 'id' | 'version'>, patch: TaskPatch): Promise<Task> {
  const updated = await muster.tasks.update(id, patch, { ifMatch: `"v${version}"` })
  keepTask(updated)
  reloadLists()
  return updated
}

/**
 * Changes one field at once in the lists and then at the server, also when other fields of the task have changed meanwhile. When the server refuses,
 * the list shows the old value again and a message says why.
 */
export async function changeQuickly(task: Task, patch: Pick<TaskPatch, 'status' | 'dueDate'>): Promise<boolean> {
  replaceInLists(task.id, (known) => ({ ...known, ...patch }))
  try {
    keepTask(await muster.tasks.update(task.id, patch, { ifMatch: false }))
    return true
  } catch (error) {
    replaceInLists(task.id, (known) => ({ ...known, status: task.status, dueDate: task.dueDate }))
    toast({ kind: 'error', title: m.tasks_change_failed({ title: task.title }), text: errorSentence(error) })
    return false
  }
}

/** So many changes of a selection are under way at once. */
const concurrency = 4

/** Changes the status of tasks; what fails is said once for each, and stays as it is. @returns the tasks that are changed, as they are now */
async function changeStatus(tasks: readonly Task[], statusOf: (task: Task) => Task['status']): Promise<Task[]> {
  const waiting = [...tasks]
  const changed: Task[] = []
  const work = async () => {
    for (let task = waiting.shift(); task; task = waiting.shift()) {
      const status = statusOf(task)
      if (await changeQuickly(task, { status })) changed.push({ ...task, status })
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  reloadLists()
  return changed
}

/** Completes tasks, and offers to give each its former status and the caller's pending reminders again. */
export async function completeWithUndo(tasks: readonly Task[]): Promise<void> {
  const former = new Map(tasks.filter(({ status }) => status !== 'completed').map((task) => [task.id, task]))
  const completed = await changeStatus([...former.values()], () => 'completed')
  const [first] = completed
  if (!first) return
  async function reopen() {
    const reopened = await changeStatus(completed, ({ id }) => former.get(id)?.status ?? 'todo')
    for (const { id, title } of reopened)
      await renewReminders(former.get(id) as Task).catch((error: unknown) =>
        toast({ kind: 'error', title: m.tasks_reminders_lost({ title }), text: errorSentence(error) }),
      )
    reloadLists()
  }
  toast({
    kind: 'success',
    title:
      completed.length === 1
        ? m.tasks_completed({ title: first.title })
        : m.tasks_completed_count({ count: completed.length }),
    action: { label: m.tasks_undo(), onClick: () => void reopen() },
  })
}

let hidden: ReadonlySet<string> = new Set()
const listeners = new Set<() => void>()
function hide(change: (ids: Set<string>) => void): void {
  const next = new Set(hidden)
  change(next)
  hidden = next
  for (const listener of listeners) listener()
}
const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Returns the ids of the tasks whose deletion can still be taken back. */
export const useHiddenTasks = (): ReadonlySet<string> => useSyncExternalStore(subscribe, () => hidden)

/**
 * Deletes a task after 5 s, in which the deletion can be taken back. Until then nothing is sent: a page that is closed meanwhile leaves the
 * task as it is, since a deletion cannot be undone at the server and a task that stays can be deleted again.
 */
export function deleteWithUndo(task: Task): void {
  hide((ids) => ids.add(task.id))
  const show = () => hide((ids) => ids.delete(task.id))
  const timer = setTimeout(async () => {
    close()
    try {
      await muster.tasks.delete(task.id, { ifMatch: `"v${task.version}"` })
      replaceInLists(task.id, () => null)
      reloadLists()
    } catch (error) {
      toast({ kind: 'error', title: m.tasks_delete_failed({ title: task.title }), text: errorSentence(error) })
      reloadLists()
    }
    show()
  }, undoMs)
  const close = toast({
    title: m.tasks_deleted({ title: task.title }),
    durationMs: undoMs,
    action: {
      label: m.tasks_undo(),
      onClick() {
        clearTimeout(timer)
        show()
      },
    },
  })
}
