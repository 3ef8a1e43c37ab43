import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Decides by chance, the same for the same seed. */
export type Chance = {
  /** Returns a whole number from 0 to `below` - 1. */
  number(below: number): number
  /** Returns one of the items; undefined when there is none. */
  oneOf<T>(items: readonly T[]): T | undefined
}

/** Creates a source of chance. */
export function createChance(seed: number): Chance {
  const generator = xoroshiro128plus(seed)
  const number = (below: number) => uniformInt(generator, 0, below - 1)
  return { number, oneOf: (items) => (items.length === 0 ? undefined : items[number(items.length)]) }
}
