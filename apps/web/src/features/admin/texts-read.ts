import type { InfiniteData } from '@tanstack/react-query'
import { queryClient } from '../../lib/query.ts'

/** Returns the different texts in the items of the lists that were read so far, sorted, to choose from in a filter. */
export function textsRead<Item>(queryKey: readonly string[], textOf: (item: Item) => string): string[] {
  const lists = queryClient.getQueriesData<InfiniteData<{ items: Item[] }>>({ queryKey })
  const items = lists.flatMap(([, list]) => list?.pages.flatMap((page) => page.items) ?? [])
  return [...new Set(items.map(textOf))].sort()
}
