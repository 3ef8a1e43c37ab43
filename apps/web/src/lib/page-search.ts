import { useMemo } from 'react'

/**
 * Takes the search parameters of a route as they are, for a page that reads them by {@link usePageSearch}: a route that checks them itself brings
 * their schema into the first file of every page.
 */
export const readByPage = <Search>(given: Record<string, unknown>): Search => given as Search

/** Reads the search parameters of a route by the schema of its page. */
export const usePageSearch = <Search>(schema: { parse(given: unknown): Search }, given: unknown): Search =>
  useMemo(() => schema.parse(given), [schema, given])
