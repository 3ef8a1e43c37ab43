import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { operator } from '../../lib/operator.ts'
import { momentsOf } from '../admin/day-range.tsx'
import { isWholeAddress, type MailsSearch, type ResultSpan } from './search.ts'

/** Each look at a mail is an audit event, so nothing is read again unasked. */
const unasked = { staleTime: Number.POSITIVE_INFINITY, refetchOnWindowFocus: false, refetchOnReconnect: false } as const
const pageSize = 50

/** The mails of a search, the newest first. */
export const mailsQuery = ({ status, address, template, from, to }: MailsSearch, timeZone: string) =>
  infiniteQueryOptions({
    queryKey: ['admin-emails', 'list', { status, address, template, from, to, timeZone }],
    initialPageParam: undefined as string | undefined,
    async queryFn({ pageParam, signal }) {
      const range = momentsOf({ from, to }, timeZone)
      const { items, pagination } = await operator.admin.emails(
        {
          limit: pageSize,
          ...(status && { status }),
          ...(address && isWholeAddress(address) && { to: address }),
          ...(template && { template }),
          ...(range.from && { since: range.from }),
          ...(range.before && { before: range.before }),
          ...(pageParam && { cursor: pageParam }),
        },
        { signal },
      )
      return { items, nextCursor: pagination.nextCursor }
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    ...unasked,
  })

/** One mail with its attempts. */
export const mailQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin-emails', 'mail', id],
    queryFn: ({ signal }) => operator.admin.email(id, { signal }),
    ...unasked,
  })

/** The suppressed addresses, the newest first. */
export const suppressionsQuery = (address: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ['admin-emails', 'suppressions', address],
    initialPageParam: 1,
    async queryFn({ pageParam, signal }) {
      const only = address && isWholeAddress(address) ? { address } : {}
      const { items, pagination } = await operator.admin.emailSuppressions(
        { page: pageParam, limit: pageSize, ...only },
        { signal },
      )
      return { items, total: pagination.total ?? items.length, page: pageParam }
    },
    getNextPageParam: ({ total, page }) => (page * pageSize < total ? page + 1 : undefined),
    placeholderData: keepPreviousData,
    ...unasked,
  })

const hourMs = 3_600_000
const spans = {
  day: { lengthMs: 24 * hourMs, step: 'hour' },
  week: { lengthMs: 7 * 24 * hourMs, step: 'hour' },
  month: { lengthMs: 30 * 24 * hourMs, step: 'day' },
} as const

/** How attempts to send mails ended in the last day, week or month. Counts name nobody, so they are read again each minute. */
export const resultsQuery = (span: ResultSpan) =>
  queryOptions({
    queryKey: ['admin-emails', 'results', span],
    async queryFn({ signal }) {
      const { lengthMs, step } = spans[span]
      const toMs = Date.now()
      const fromMs = toMs - lengthMs
      const range = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
      return { fromMs, toMs, results: await operator.admin.emailResults({ ...range, step }, { signal }) }
    },
    refetchInterval: 60_000,
    placeholderData: keepPreviousData,
  })
