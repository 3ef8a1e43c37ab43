import { type RawBuilder, sql } from 'kysely'

/*
 * Compares and folds text in SQL independently of the database's locale, so that every installation returns the same rows.
 */

type Text = RawBuilder<unknown> | string

/**
 * Orders text for people, for `order by` and `<`: numbers by their value, letters by alphabet, accents and case last. No index uses this
 * order, because another version of ICU may change it.
 */
export const alphabetical = (text: RawBuilder<unknown>): RawBuilder<string> =>
  sql<string>`(${text} collate alphabetical)`

/** Folds text of every script as the search in tasks does, for searching in display names; null when nothing of it remains. */
export const folded = (text: Text): RawBuilder<string | null> =>
  sql<string | null>`nullif(search_fold(${asText(text)}), '')`

/** Lower-cases A to Z only, for comparisons with usernames and addresses. */
export const lowerAscii = (text: Text): RawBuilder<string> => sql<string>`lower(${asText(text)} collate "C")`

const asText = (text: Text) => (typeof text === 'string' ? sql`${text}::text` : text)
