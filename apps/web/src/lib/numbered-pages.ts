import type { Pagination } from '@muster/client'
import { type QueryKey, useQueries } from '@tanstack/react-query'
import { useState } from 'react'

/** The greatest page that the API gives. */
const pageSize = 100

type Query = { page: number; limit: number }
type Options = { signal: AbortSignal }

/** A list of the API with numbered pages. */
export type NumberedList<Item> = {
  queryKey: QueryKey
  read: (query: Query, options: Options) => PromiseLike<{ items: Item[]; pagination: Pagination }>
}

/**
 * Reads those pages of a list that have rows of a range, and the first one. `itemAt` returns undefined for a row that is not read yet;
 * `total` is undefined before the first answer.
 */
export function useNumberedPages<Item>({ queryKey, read }: NumberedList<Item>) {
  const [range, setRange] = useState({ first: 0, last: 0 })
  const pageOf = (index: number) => Math.floor(index / pageSize) + 1
  const near = Array.from({ length: pageOf(range.last) - pageOf(range.first) + 1 }, (_, at) => pageOf(range.first) + at)
  const numbers = [...new Set([1, ...near])]
  const pages = useQueries({
    queries: numbers.map((page) => ({
      queryKey: [...queryKey, page],
      async queryFn({ signal }: Options) {
        const { items, pagination } = await read({ page, limit: pageSize }, { signal })
        return { items, total: pagination.total ?? items.length }
      },
    })),
  })
  const newest = pages.reduce((one, other) => (other.dataUpdatedAt > one.dataUpdatedAt ? other : one))
  return {
    total: newest.data?.total,
    itemAt: (index: number): Item | undefined => pages[numbers.indexOf(pageOf(index))]?.data?.items[index % pageSize],
    /** Of a page that has never been read. */
    error: pages.find(({ data, error }) => data === undefined && error !== null)?.error ?? null,
    retry: () => Promise.all(pages.filter(({ isError }) => isError).map(({ refetch }) => refetch())),
    range,
    setRange: (first: number, last: number) => setRange({ first, last }),
  }
}
