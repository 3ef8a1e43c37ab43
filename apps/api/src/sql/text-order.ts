import { type RawBuilder, sql } from 'kysely'

/*
 * Text in SQL without a word of the database's locale, so that every installation gives the same answers.
 */

type Text = RawBuilder<unknown> | string

/** For `order by` and `<`: by code points, which no version of a library changes. */
export const inOrder = (text: RawBuilder<unknown>): RawBuilder<string> => sql<string>`(${text} collate "C")`

/** In lower case, for searching in names of every script. */
export const lower = (text: Text): RawBuilder<string> => sql<string>`lower(${asText(text)} collate "und-x-icu")`

/** With A to Z in lower case and all else as it is, for what is compared with user names and addresses. */
export const lowerAscii = (text: Text): RawBuilder<string> => sql<string>`lower(${asText(text)} collate "C")`

const asText = (text: Text) => (typeof text === 'string' ? sql`${text}::text` : text)
