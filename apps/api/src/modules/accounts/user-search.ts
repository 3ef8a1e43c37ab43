import { partOfEmailAddress } from '@muster/identifiers'
import { type RawBuilder, sql } from 'kysely'
import { folded, lowerAscii } from '../../sql/collation.ts'

/**
 * SQL: the user's name, username or e-mail contains the text. For callers who may know the e-mail: administrators and members
 * of the same organization. Expects a table named `users`.
 */
export const isFoundBy = (text: string): RawBuilder<boolean> => sql`(
  strpos(users.username, ${lowerAscii(text)}) > 0
    or strpos(users.email, ${partOfEmailAddress(text)}) > 0
    or strpos(${folded(sql`users.name`)}, ${folded(text)}) > 0
)`
