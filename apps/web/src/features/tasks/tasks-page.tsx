import type { Task, User } from '@muster/client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Columns3, List, ListChecks, SearchX } from 'lucide-react'
import { lazy, Suspense, useCallback, useMemo, useState } from 'react'
import { useInSteps } from '../../lib/in-steps.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Page } from '../../ui/page.tsx'
import { useLiveLists } from './cache.ts'
import { FilterBar } from './filter-bar.tsx'
import { completeWithUndo, useHiddenTasks } from './mutations.ts'
import { listQueryOf, taskListQuery } from './queries.ts'
import { QuickAdd } from './quick-add.tsx'
import { isFiltered, type TaskSearch } from './search.ts'
import { TaskList } from './task-list.tsx'
import { TaskListSkeleton } from './task-list-skeleton.tsx'

const Board = lazy(() => import('./board.tsx'))

type Props = { search: TaskSearch; user: User; onSearch: (search: TaskSearch) => void }

/** The list or the board of tasks, with its filters. */
export function TasksPage({ search, user, onSearch }: Props) {
  useLiveLists()
  const isBoard = search.view === 'board'
  const change = (part: Partial<TaskSearch>) => onSearch({ ...search, ...part })
  const reset = () => onSearch({ sort: search.sort, view: search.view })
  return (
    <Page
      title={m.shell_tasks()}
      width="full"
      actions={
        <Button
          size="sm"
          icon={isBoard ? <List aria-hidden="true" /> : <Columns3 aria-hidden="true" />}
          onClick={() => change({ view: isBoard ? undefined : 'board' })}
        >
          {isBoard ? m.tasks_view_list() : m.tasks_view_board()}
        </Button>
      }
    >
      <div className="flex flex-col gap-3 px-4 pb-3 sm:px-6">
        <QuickAdd timeZone={user.timezone} />
        <FilterBar {...{ search, user }} onChange={change} onReset={reset} />
      </div>
      {isBoard ? (
        <Suspense fallback={<TaskListSkeleton />}>
          <Board search={search} timeZone={user.timezone} />
        </Suspense>
      ) : (
        <FilteredList key={JSON.stringify(search)} {...{ search, user }} onReset={reset} />
      )}
    </Page>
  )
}

function FilteredList({ search, user, onReset }: { search: TaskSearch; user: User; onReset: () => void }) {
  const list = useInfiniteQuery(taskListQuery(listQueryOf(search, user.timezone)))
  const hidden = useHiddenTasks()
  const [selected, setSelected] = useState<ReadonlyMap<string, Task>>(new Map())
  const [isPending, setIsPending] = useState(false)
  const { data } = list
  const isShown = useInSteps(!list.isPending)
  const tasks = useMemo(
    () => data?.pages.flatMap((page) => page.tasks).filter(({ id }) => !hidden.has(id)) ?? [],
    [data, hidden],
  )
  const select = useCallback((task: Task, isSelected: boolean) => {
    setSelected((before) => {
      const next = new Map(before)
      if (isSelected) next.set(task.id, task)
      else next.delete(task.id)
      return next
    })
  }, [])
  if (!isShown) return <TaskListSkeleton />
  if (list.isError && !data) return <ErrorState error={list.error} onRetry={() => list.refetch()} />
  if (tasks.length === 0 && !list.hasNextPage)
    return isFiltered(search) ? (
      <EmptyState
        icon={<SearchX />}
        title={m.tasks_none_found_title()}
        text={m.tasks_none_found_text()}
        action={<Button onClick={onReset}>{m.tasks_filters_clear()}</Button>}
      />
    ) : (
      <EmptyState
        icon={<ListChecks />}
        title={m.tasks_empty_title()}
        text={m.tasks_empty_text()}
        action={
          <Button
            variant="primary"
            onClick={() => document.querySelector<HTMLInputElement>('[data-quick-add]')?.focus()}
          >
            {m.tasks_add()}
          </Button>
        }
      />
    )

  async function complete() {
    setIsPending(true)
    await completeWithUndo([...selected.values()])
    setIsPending(false)
    setSelected(new Map())
  }
  return (
    <>
      {selected.size > 0 && (
        <div
          role="toolbar"
          aria-label={m.tasks_selection()}
          className="flex flex-wrap items-center gap-2 border-y border-line bg-accent-soft px-4 py-2 sm:px-6"
        >
          <span role="status" className="me-auto font-medium text-accent">
            {m.tasks_selected_count({ count: selected.size })}
          </span>
          <Button size="sm" onClick={() => setSelected(new Map(tasks.map((task) => [task.id, task])))}>
            {m.tasks_select_all()}
          </Button>
          <Button size="sm" variant="ghost" onClick={() => setSelected(new Map())}>
            {m.tasks_select_none()}
          </Button>
          <Button size="sm" variant="primary" isPending={isPending} onClick={complete}>
            {m.tasks_complete_selected()}
          </Button>
        </div>
      )}
      <TaskList
        tasks={tasks}
        timeZone={user.timezone}
        hasMore={list.hasNextPage && !list.isFetchNextPageError}
        isLoadingMore={list.isFetchingNextPage}
        onLoadMore={() => void list.fetchNextPage()}
        selected={selected}
        onSelect={select}
      />
      {list.isFetchNextPageError && (
        <ErrorState error={list.error} onRetry={() => list.fetchNextPage()} className="py-4" />
      )}
    </>
  )
}
