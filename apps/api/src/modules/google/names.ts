import { randomInt } from 'node:crypto'
import { personName } from '../users/users.schema.ts'

const maxNameCharacters = 100
const maxUsername = 30
const minUsername = 3
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
 * of which others would learn a part.
 * @param round how many names were taken
 */
export function usernameFrom(name: string | undefined, round: number): string {
  const letters = (name ?? '')
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  const isEnough = letters.length >= minUsername
  if (isEnough && round === 0) return letters.slice(0, maxUsername)
  const suffix = randomInt(suffixes).toString(36).padStart(suffixDigits, '0')
  return `${(isEnough ? letters : 'user').slice(0, maxUsername - suffixDigits - 1)}_${suffix}`
}
