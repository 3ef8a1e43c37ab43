import type { Task } from '@muster/client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowRightLeft } from 'lucide-react'
import { useRef } from 'react'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/cx.ts'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { useDraggable, useDropTarget } from './drag.ts'
import { DueText } from './due-text.tsx'
import { priorityLabel, priorityTones, statusLabel } from './labels.ts'
import { changeQuickly, useHiddenTasks } from './mutations.ts'
import { listQueryOf, taskListQuery } from './queries.ts'
import { type TaskSearch, taskStatuses } from './search.ts'

type Status = Task['status']

async function move(task: Task, status: Status): Promise<void> {
  if (task.status === status) return
  if (await changeQuickly(task, { status })) void queryClient.invalidateQueries({ queryKey: ['task-list'] })
}

/** The tasks by status; they move by drag, or by the menu of each card. */
export default function Board({ search, timeZone }: { search: TaskSearch; timeZone: string }) {
  const known = useRef(new Map<string, Task>())
  return (
    <div className="flex min-h-0 flex-1 snap-x gap-4 overflow-x-auto px-4 pb-4 sm:px-6">
      {taskStatuses.map((status) => (
        <Column
          key={status}
          {...{ status, search, timeZone }}
          onTasks={(tasks) => {
            for (const task of tasks) known.current.set(task.id, task)
          }}
          onDropId={(id) => {
            const task = known.current.get(id)
            if (task) void move(task, status)
          }}
        />
      ))}
    </div>
  )
}

type ColumnProps = {
  status: Status
  search: TaskSearch
  timeZone: string
  onTasks: (tasks: readonly Task[]) => void
  onDropId: (id: string) => void
}

function Column({ status, search, timeZone, onTasks, onDropId }: ColumnProps) {
  const ref = useRef<HTMLElement>(null)
  const isOver = useDropTarget(ref, onDropId)
  const hidden = useHiddenTasks()
  const order = status === 'completed' && search.sort === undefined ? ('-updatedAt' as const) : search.sort
  const list = useInfiniteQuery(taskListQuery(listQueryOf({ ...search, status, sort: order }, timeZone)))
  const all = list.data?.pages.flatMap(({ tasks }) => tasks) ?? []
  onTasks(all)
  const tasks = all.filter((task) => task.status === status && !hidden.has(task.id))
  const total = list.data?.pages[0]?.total
  return (
    <section
      ref={ref}
      aria-label={statusLabel(status)}
      className={cx(
        'flex w-[85vw] max-w-md shrink-0 snap-center flex-col rounded-xl border bg-raised/60 sm:w-auto sm:min-w-64 sm:flex-1',
        isOver ? 'border-accent bg-accent-soft' : 'border-line',
      )}
    >
      <h2 className="flex items-center justify-between px-4 py-3 text-base">
        {statusLabel(status)}
        {total != null && <span className="text-sm font-normal text-ink-3 tabular-nums">{total}</span>}
      </h2>
      <div className="flex min-h-40 flex-1 flex-col gap-2 overflow-y-auto px-2 pb-2">
        {list.isPending &&
          Array.from({ length: 3 }, (_, index) => <Skeleton key={index} className="h-20 rounded-lg" />)}
        {list.isError && <ErrorState error={list.error} onRetry={() => list.refetch()} className="py-4" />}
        {list.isSuccess && tasks.length === 0 && (
          <p className="px-4 py-8 text-center text-sm text-ink-3">{m.tasks_column_empty()}</p>
        )}
        {tasks.map((task) => (
          <BoardCard key={task.id} {...{ task, timeZone }} />
        ))}
        <LoadMore
          hasMore={list.hasNextPage}
          isLoading={list.isFetchingNextPage}
          onLoadMore={() => void list.fetchNextPage()}
        />
      </div>
    </section>
  )
}

function BoardCard({ task, timeZone }: { task: Task; timeZone: string }) {
  const ref = useRef<HTMLElement>(null)
  const isDragged = useDraggable(ref, task.id)
  return (
    <article
      ref={ref}
      className={cx(
        'flex items-start gap-1 rounded-lg border border-line bg-surface p-3 pe-1.5 shadow-sm sm:cursor-grab',
        isDragged && 'opacity-40',
      )}
    >
      <Link
        to="/tasks/$taskId"
        params={{ taskId: task.id }}
        draggable={false}
        preload={false}
        className="min-w-0 flex-1 rounded-sm"
      >
        <bdi className="line-clamp-3 font-medium break-words">{task.title}</bdi>
        <span className="mt-1.5 flex flex-wrap items-center gap-2">
          <DueText task={task} timeZone={timeZone} />
          {task.priority === 'high' && (
            <Badge tone={priorityTones[task.priority]}>{priorityLabel(task.priority)}</Badge>
          )}
        </span>
      </Link>
      <Menu
        align="end"
        trigger={
          <IconButton
            size="sm"
            label={m.tasks_move_to({ title: task.title })}
            hasTooltip={false}
            icon={<ArrowRightLeft aria-hidden="true" />}
          />
        }
        items={[
          {
            title: m.tasks_move(),
            items: taskStatuses.map((status) => ({
              label: statusLabel(status),
              isSelected: status === task.status,
              onSelect: () => void move(task, status),
            })),
          },
        ]}
      />
    </article>
  )
}
