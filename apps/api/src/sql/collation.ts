import { type RawBuilder, sql } from 'kysely'

/*
 * Compares and folds text in SQL independently of the database's locale, so that every installation returns the same rows.
 */

type Text = RawBuilder<unknown> | string

/** Orders text by code points, for `order by` and `<`. No version of a collation library changes that order. */
export const codePointOrder = (text: RawBuilder<unknown>): RawBuilder<string> => sql<string>`(${text} collate "C")`

/** Lower-cases text of every script, for searching in display names. */
export const lower = (text: Text): RawBuilder<string> => sql<string>`lower(${asText(text)} collate "und-x-icu")`

/** Lower-cases A to Z only, for comparisons with usernames and addresses. */
export const lowerAscii = (text: Text): RawBuilder<string> => sql<string>`lower(${asText(text)} collate "C")`

const asText = (text: Text) => (typeof text === 'string' ? sql`${text}::text` : text)
