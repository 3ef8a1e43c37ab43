import { z } from 'zod'
import { queryInteger } from './fields.ts'

/** Schema of the pagination of every list. All keys are always present, so that one type fits all lists. */
export const pagination = z
  .object({
    page: z
      .int()
      .nullable()
      .meta({ description: 'The number of this page; null in a list without numbered pages.', examples: [1] }),
    limit: z.int().meta({ description: 'The maximum number of items per page.', examples: [20] }),
    total: z
      .int()
      .nullable()
      .meta({
        description:
          'The number of items on all pages, exact up to 10,000: 10,001 means more. Null without numbered pages.',
        examples: [1],
      }),
    totalPages: z
      .int()
      .nullable()
      .meta({ description: 'The number of pages; null without numbered pages.', examples: [1] }),
    nextCursor: z
      .string()
      .nullable()
      .meta({
        description: 'Send it as `cursor` for the next page; null on the last page, and in a list that has no cursors.',
        examples: [null],
      }),
  })
  .meta({ id: 'Pagination', description: 'The place of a page in its list.' })
/** Query parameter: the number of a page. */
export const pageNumber = (max?: number) =>
  queryInteger({ min: 1, ...(max && { max }) }).describe('The number of the page, from 1.')
/** Query parameter: the size of a page. */
export const pageSize = (preset: number) =>
  queryInteger({ min: 1, max: 100 }).default(preset).describe('The maximum number of items per page.')

type Pagination = z.infer<typeof pagination>

/** Returns the pagination of a numbered page. */
export const numberedPage = ({ page, limit, total, nextCursor = null }: NumberedPage) =>
  ({ page, limit, total, totalPages: Math.ceil(total / limit), nextCursor }) satisfies Pagination
type NumberedPage = { page: number; limit: number; total: number; nextCursor?: string | null }

/** Returns the pagination of a page that a cursor continues. */
export const cursorPage = ({ limit, nextCursor }: Pick<Pagination, 'limit' | 'nextCursor'>): Pagination => ({
  page: null,
  limit,
  total: null,
  totalPages: null,
  nextCursor,
})
