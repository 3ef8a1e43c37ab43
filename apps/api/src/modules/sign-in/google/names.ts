import { randomInt } from 'node:crypto'
import { isReservedUsername, lowerCaseAscii, usernameLength } from '@muster/identifiers'
import { shortened } from '@muster/text'
import { displayName } from '../../accounts/accounts.schema.ts'

const maxNameCharacters = 100
const suffixDigits = 4
const suffixes = 36 ** suffixDigits

/** Converts the issuer's name claim to a valid name; undefined when no character of it is valid. */
export function nameFrom(claim: string | undefined): string | undefined {
  const oneLine = (claim ?? '')
    .toWellFormed()
    .normalize('NFC')
    .replace(/\p{Cc}+/gu, ' ')
  const { data } = displayName.safeParse(shortened(oneLine.trim(), maxNameCharacters))
  return data
}

/**
 * Proposes a username: `ada_lovelace` first, then `ada_lovelace_k3x9` with a new suffix each time. It is never derived from
 * the e-mail, a part of which it would reveal to others, and is never a reserved one: then it is `user_k3x9`.
 * @param round how many proposed names were taken
 */
export function usernameFrom(name: string | undefined, round: number): string {
  const base = baseOf(name)
  if (base && round === 0) return base
  for (;;) {
    const suffix = randomInt(suffixes).toString(36).padStart(suffixDigits, '0')
    const username = `${(base ?? 'user').slice(0, usernameLength.max - suffixDigits - 1)}_${suffix}`
    if (!isReservedUsername(username)) return username
  }
}

/** Converts the name to the characters of usernames; undefined when too few remain, or the result is reserved. */
function baseOf(name = ''): string | undefined {
  const letters = lowerCaseAscii(name.normalize('NFKD').replace(/\p{M}+/gu, ''))
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, usernameLength.max)
    .replace(/^_+|_+$/g, '')
  return letters.length < usernameLength.min || isReservedUsername(letters) ? undefined : letters
}
