import type { Member, Task } from '@muster/client'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { rangeOf } from '../../lib/dates.ts'
import { muster } from '../../lib/muster.ts'
import type { TaskSearch } from './search.ts'

/** The greatest page that the API gives. */
const pageSize = 100
/** A list of more pages is not read again as a whole: `useLiveList` replaces its tasks one by one. */
export const maxPagesToReload = 3

export type TaskPage = { tasks: Task[]; nextCursor: string | null; total: number | null }
type ListQuery = NonNullable<Parameters<typeof muster.tasks.list>[0]>

/** Returns the query of the API for what the address says; days are those of the person's zone. */
export function listQueryOf(search: TaskSearch, timeZone: string): ListQuery {
  const { q, status, priority, category, assignee, from, to, due, sort } = search
  return {
    ...(q && { q }),
    ...(status === undefined ? { status: ['todo', 'in-progress'] } : status !== 'all' && { status: [status] }),
    ...(priority && { priority: [priority] }),
    ...(category !== undefined && { category: [category] }),
    ...(assignee && { assigneeId: [assignee] }),
    ...(from && { dueFrom: rangeOf(from, timeZone).from.toISOString() }),
    ...(to && { dueTo: rangeOf(to, timeZone).to.toISOString() }),
    ...(due === 'overdue' && { overdue: true }),
    ...(due === 'none' && { hasDueDate: false }),
    ...(sort && { sort }),
  }
}

/** The pages of a list of tasks. Its key has a module of its own, since reading many pages again after each event would be too much. */
export const taskListQuery = (query: ListQuery) =>
  infiniteQueryOptions({
    queryKey: ['task-list', query],
    initialPageParam: undefined as string | undefined,
    async queryFn({ pageParam, signal }): Promise<TaskPage> {
      const cursor = pageParam === undefined ? {} : { cursor: pageParam }
      const { items, pagination } = await muster.tasks.list({ ...query, limit: pageSize, ...cursor }, { signal })
      return { tasks: items, nextCursor: pagination.nextCursor, total: pagination.total }
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    refetchOnWindowFocus: ({ state }) => (state.data?.pages.length ?? 0) <= maxPagesToReload,
    refetchOnMount: ({ state }) => (state.data?.pages.length ?? 0) <= maxPagesToReload,
  })

export const taskQuery = (id: string) =>
  queryOptions({ queryKey: ['tasks', 'one', id], queryFn: ({ signal }) => muster.tasks.get(id, { signal }) })

export const activityQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['tasks', 'activity', id],
    initialPageParam: undefined as string | undefined,
    async queryFn({ pageParam, signal }) {
      const cursor = pageParam === undefined ? {} : { cursor: pageParam }
      const { items, pagination } = await muster.tasks.activity(id, { limit: 20, ...cursor }, { signal })
      return { items, nextCursor: pagination.nextCursor }
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  })

export const categoriesQuery = queryOptions({
  queryKey: ['tasks', 'categories'],
  queryFn: ({ signal }) => muster.tasks.categories({ signal }),
})

/** At most so many members are offered as assignees. */
const maxMembers = 500

/** The people to whom a task can be given; nobody for users without an organization. */
export const assigneesQuery = (organizationId: string | null) =>
  queryOptions({
    queryKey: ['members', 'assignees', organizationId],
    queryFn: (): Promise<Member[]> =>
      organizationId === null
        ? Promise.resolve([])
        : muster.organization.members({ limit: 100 }).toArray({ max: maxMembers }),
    staleTime: 5 * 60_000,
  })

/** All tasks of a list that is short by its filters, at most `max`. */
export const someTasksQuery = (query: ListQuery, max: number) =>
  queryOptions({
    queryKey: ['tasks', 'some', query, max],
    queryFn: () => muster.tasks.list({ ...query, limit: Math.min(max, pageSize) }).toArray({ max }),
  })
