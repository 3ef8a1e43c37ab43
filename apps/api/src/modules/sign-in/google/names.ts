import { randomInt } from 'node:crypto'
import { isReservedUsername, lowerCaseAscii, usernameLength } from '@muster/identifiers'
import { personName } from '../../accounts/accounts.schema.ts'

const maxNameCharacters = 100
const suffixDigits = 4
const suffixes = 36 ** suffixDigits

/** The name that an issuer tells as one that a person may have here; undefined when nothing of it is left. */
export function nameFrom(told: string | undefined): string | undefined {
  const oneLine = (told ?? '').toWellFormed().replace(/\p{Cc}+/gu, ' ')
  const cut = [...oneLine.trim()].slice(0, maxNameCharacters).join('')
  const { data } = personName.safeParse(cut)
  return data
}

/**
 * A username to try: `ada_lovelace` first, then `ada_lovelace_k3x9` with another end each time. Never made of the e-mail,
 * of which others would learn a part, nor a reserved one: then it is `user_k3x9`.
 * @param round how many names were taken
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

/** The name in the letters of usernames; undefined when too few are left of it, or they are reserved. */
function baseOf(name = ''): string | undefined {
  const letters = lowerCaseAscii(name.normalize('NFKD').replace(/\p{M}+/gu, ''))
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, usernameLength.max)
    .replace(/^_+|_+$/g, '')
  return letters.length < usernameLength.min || isReservedUsername(letters) ? undefined : letters
}
