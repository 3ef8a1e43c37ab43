import type { Task } from '@muster/client'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useEffectEvent, useRef } from 'react'
import { m } from '../../paraglide/messages.js'
import { Skeleton } from '../../ui/skeleton.tsx'
import { minuteNow, TaskRow } from './task-row.tsx'

export type TaskListProps = {
  tasks: readonly Task[]
  timeZone: string
  hasMore: boolean
  isLoadingMore: boolean
  onLoadMore: () => void
  selected: ReadonlyMap<string, Task>
  /** The same function each time, or every row is rendered again. */
  onSelect: (task: Task, isSelected: boolean) => void
}

const rowHeightPx = 65
/** The next page is read when so many rows are left below. */
const rowsAhead = 30

/** A list of any length, of which only the rows in sight are in the page. */
export function TaskList(props: TaskListProps) {
  const { tasks, timeZone, hasMore, isLoadingMore, onLoadMore, selected, onSelect } = props
  const ref = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => ref.current,
    estimateSize: () => rowHeightPx,
    getItemKey: (index) => tasks[index]?.id ?? index,
    overscan: 6,
    // Before the list is measured, so that its first rows are rendered in the steps of the page.
    initialRect: { width: innerWidth, height: innerHeight },
    // The browser scrolls at once, and the rows follow: rendered within its event, they would hold up the paint.
    useFlushSync: false,
  })
  const rows = virtual.getVirtualItems()
  const minute = minuteNow()
  const last = rows.at(-1)?.index ?? 0
  const loadMore = useEffectEvent(onLoadMore)
  useEffect(() => {
    if (hasMore && !isLoadingMore && last >= tasks.length - rowsAhead) loadMore()
  }, [last, hasMore, isLoadingMore, tasks.length])
  return (
    <div ref={ref} className="min-h-0 flex-1 overflow-y-auto overscroll-contain" tabIndex={-1}>
      <ul
        aria-label={m.shell_tasks()}
        className="relative"
        style={{ height: virtual.getTotalSize() + (hasMore ? rowHeightPx : 0) }}
      >
        {rows.map(({ index, key, start }) => {
          const task = tasks[index]
          if (!task) return null
          return (
            <li
              key={key}
              data-index={index}
              ref={virtual.measureElement}
              aria-setsize={hasMore ? -1 : tasks.length}
              aria-posinset={index + 1}
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${start}px)` }}
            >
              <TaskRow {...{ task, timeZone, minute }} isSelected={selected.has(task.id)} onSelect={onSelect} />
            </li>
          )
        })}
        {isLoadingMore && (
          <li className="absolute inset-x-0 bottom-0 px-4 py-4">
            <Skeleton className="h-8" />
          </li>
        )}
      </ul>
    </div>
  )
}
