import type { Pagination } from '../generated/schemas.gen.ts'
import type { Page, Pages } from './call-types.ts'

export type PageQuery = { page?: number; cursor?: string } & Record<string, unknown>
type Read<T> = (query: PageQuery) => Promise<{ items: T[]; pagination: Pagination }>

/** Creates the list that begins with this query. Nothing is read before it is awaited or iterated. */
export function createPages<T>(read: Read<T>, query: PageQuery): Pages<T> {
  const readPage = async (one: PageQuery): Promise<Page<T>> => {
    const { items, pagination } = await read(one)
    const following = nextQuery(one, pagination)
    return { items, pagination, next: async () => following && readPage(following) }
  }
  async function* pages() {
    for (let page: Page<T> | undefined = await readPage(query); page; page = await page.next()) yield page
  }
  async function* items() {
    for await (const page of pages()) yield* page.items
  }
  return {
    // biome-ignore lint/suspicious/noThenProperty: a list is awaited for its first page
    then: (onFulfilled, onRejected) => readPage(query).then(onFulfilled, onRejected),
    pages,
    [Symbol.asyncIterator]: items,
    async toArray({ max = Number.POSITIVE_INFINITY } = {}) {
      const all: T[] = []
      if (max <= 0) return all
      for await (const item of items()) if (all.push(item) >= max) break
      return all
    },
  }
}

/** Continues by cursor where the list has one and the caller did not ask for numbers, since cursors neither skip nor repeat. */
function nextQuery(query: PageQuery, { nextCursor, page, totalPages }: Pagination): PageQuery | undefined {
  const { page: asked, cursor: _, ...rest } = query
  if (asked === undefined && nextCursor !== null) return { ...rest, cursor: nextCursor }
  return page !== null && totalPages !== null && page < totalPages ? { ...rest, page: page + 1 } : undefined
}
