import { MusterError, type Task } from '@muster/client'
import type { InfiniteData } from '@tanstack/react-query'
import { useEffect } from 'react'
import { live } from '../../lib/live-muster.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { maxPagesToReload, type TaskPage, taskQuery } from './queries.ts'

type Lists = InfiniteData<TaskPage, string | undefined>

/** Replaces a task in all lists that have it; null takes it out. */
export function replaceInLists(id: string, change: (task: Task) => Task | null): void {
  queryClient.setQueriesData<Lists>({ queryKey: ['task-list'] }, (data) => {
    if (!data?.pages.some(({ tasks }) => tasks.some((task) => task.id === id))) return data
    const pages = data.pages.map((page) => {
      if (!page.tasks.some((task) => task.id === id)) return page
      const tasks = page.tasks.flatMap((task) => (task.id === id ? (change(task) ?? []) : task))
      return { ...page, tasks }
    })
    return { ...data, pages }
  })
  queryClient.setQueriesData<Task[]>({ queryKey: ['tasks', 'some'] }, (tasks) =>
    tasks?.flatMap((task) => (task.id === id ? (change(task) ?? []) : task)),
  )
}

/** Keeps what the server answered about a task. An older version than the known one is dropped. */
export function keepTask(task: Task): void {
  queryClient.setQueryData(taskQuery(task.id).queryKey, (known) =>
    known && known.version > task.version ? known : task,
  )
  replaceInLists(task.id, (known) => (known.version > task.version ? known : task))
}

/** Reads the short lists again. Long ones keep their tasks, which are replaced one by one. */
function reloadShortLists(): void {
  void queryClient.invalidateQueries({
    queryKey: ['task-list'],
    predicate: ({ state }) => ((state.data as Lists | undefined)?.pages.length ?? 0) <= maxPagesToReload,
  })
}

/** Reads again what an own change may have changed: the short lists, and all else that is about tasks. */
export function reloadLists(): void {
  reloadShortLists()
  void queryClient.invalidateQueries({ queryKey: ['tasks'] })
}

const patienceMs = 400

/** Keeps the lists up to date with the events of tasks: short ones are read again, in long ones the changed tasks are replaced. */
export function useLiveLists(): void {
  useEffect(() => {
    const changed = new Set<string>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const refresh = () => {
      const ids = [...changed]
      changed.clear()
      const lists = queryClient.getQueriesData<Lists>({ queryKey: ['task-list'] })
      const isLong = lists.some(([, data]) => (data?.pages.length ?? 0) > maxPagesToReload)
      // The shell invalidates the other queries about tasks.
      reloadShortLists()
      if (!isLong) return
      for (const id of ids)
        muster.tasks.get(id).then(keepTask, (error) => {
          if (error instanceof MusterError && error.code === 'NOT_FOUND') replaceInLists(id, () => null)
        })
    }
    const touch = ({ taskId }: { taskId: string | null }) => {
      if (taskId === null) return
      changed.add(taskId)
      timer ??= setTimeout(() => {
        timer = undefined
        refresh()
      }, patienceMs)
    }
    const realtime = live.realtime()
    const ends = [realtime.on('task:updated', touch), realtime.on('attachment:updated', touch)]
    return () => {
      clearTimeout(timer)
      for (const end of ends) end()
    }
  }, [])
}
