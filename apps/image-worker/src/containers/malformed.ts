/** The bytes do not have the structure that their format demands. */
export class MalformedContainer extends Error {
  constructor(format: string) {
    super(`malformed ${format} container`)
    this.name = 'MalformedContainer'
  }
}

/**
 * Runs over the parts of a container, and says whether their end was reached.
 * @returns false when the file ends before
 */
export function readsToTheEnd<T>(parts: Iterable<T>, use: (part: T) => void): boolean {
  const iterator = parts[Symbol.iterator]()
  for (;;) {
    let next: IteratorResult<T>
    try {
      next = iterator.next()
    } catch (error) {
      if (error instanceof MalformedContainer) return false
      throw error
    }
    if (next.done) return true
    use(next.value)
  }
}
