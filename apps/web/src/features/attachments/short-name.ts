import { isolated } from '../../lib/isolated.ts'

/** Returns the name of a file for a sentence: of a long one its beginning and its end. */
export const shortName = (name: string): string =>
  isolated(name.length > 40 ? `${name.slice(0, 28)}…${name.slice(-10)}` : name)
