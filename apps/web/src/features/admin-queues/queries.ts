import type { FailedJob } from '@muster/client'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { operator } from '../../lib/operator.ts'
import type { QueueRange } from './search.ts'

const minuteMs = 60_000
const spanMs: Record<QueueRange, number> = { hour: 60 * minuteMs, day: 1_440 * minuteMs, week: 7 * 1_440 * minuteMs }

/** How a queue was over time, and when it will be empty. */
export const seriesQuery = (name: string, range: QueueRange) =>
  queryOptions({
    queryKey: ['admin-queues', 'series', name, range],
    queryFn: ({ signal }) => {
      const nowMs = Date.now()
      const query = { from: new Date(nowMs - spanMs[range]).toISOString(), to: new Date(nowMs).toISOString() }
      return operator.admin.queueSeries(name, query, { signal })
    },
    refetchInterval: 20_000,
    placeholderData: keepPreviousData,
  })

/** The failed jobs of a queue by name and reason. While they are being counted, it is asked again soon. */
export const failuresQuery = (name: string) =>
  queryOptions({
    queryKey: ['admin-queues', 'failures', name],
    queryFn: ({ signal }) => operator.admin.queueFailures(name, { signal }),
    refetchInterval: ({ state }) => (state.data?.isComplete === false ? 700 : 10_000),
  })

/** The outcomes of retries of failed jobs, refetched often while jobs are pending. */
export const retriesQuery = (name: string) =>
  queryOptions({
    queryKey: ['admin-queues', 'retries', name],
    queryFn: ({ signal }) => operator.admin.queueRetries(name, { signal }),
    refetchInterval: ({ state }) => (state.data?.some(({ pending }) => pending > 0) ? 2_000 : 15_000),
  })

export type FailedJobFilter = { reason?: string | undefined; jobName?: string | undefined }

/** Leaves out what is not given, as the API wants it. */
export const givenOf = ({ reason, jobName }: FailedJobFilter) => ({
  ...(reason !== undefined && { reason }),
  ...(jobName !== undefined && { jobName }),
})

/** The failed jobs of a queue, the newest first, page by page. */
export const failedJobsQuery = (name: string, filter: FailedJobFilter) =>
  infiniteQueryOptions({
    queryKey: ['admin-queues', 'failed', name, filter],
    initialPageParam: undefined as string | undefined,
    async queryFn({ pageParam, signal }): Promise<{ jobs: FailedJob[]; nextCursor: string | null }> {
      const query = { ...givenOf(filter), limit: 25, ...(pageParam && { cursor: pageParam }) }
      const { items, pagination } = await operator.admin.failedJobs(name, query, { signal })
      return { jobs: items, nextCursor: pagination.nextCursor }
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  })
