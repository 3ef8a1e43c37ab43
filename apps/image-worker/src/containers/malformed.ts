/** The bytes do not have the structure of their format. */
export class MalformedContainer extends Error {
  constructor(format: string) {
    super(`malformed ${format} container`)
    this.name = 'MalformedContainer'
  }
}

/**
 * Calls `use` for each part of a container.
 * @returns false when the file ends within a part
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
