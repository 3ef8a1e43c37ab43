import { lowerCaseAscii, partOfEmailAddress } from '@muster/identifiers'
import { type RawBuilder, sql } from 'kysely'
import { contains, containsFolded } from '../../sql/contains.ts'

/**
 * SQL: the user's name, username or e-mail contains the text. For callers who may know the e-mail: administrators and members
 * of the same organization. Expects a table named `users`.
 */
export const isFoundBy = (text: string): RawBuilder<boolean> => sql`(
  ${contains(sql`users.username`, lowerCaseAscii(text))}
    or ${contains(sql`users.email`, partOfEmailAddress(text))}
    or ${containsFolded(sql`users.name`, text)}
)`
