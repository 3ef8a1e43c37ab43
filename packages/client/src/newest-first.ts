const descending = (one: string, other: string): number => (one < other ? 1 : one > other ? -1 : 0)

/** Orders by instants, the newest first, and by ids where they are equal. Both are texts of one form: comparing them as words would load the rules of a language. */
export const newestFirst =
  <T extends { id: string }>(instantOf: (item: T) => string) =>
  (one: T, other: T): number =>
    descending(instantOf(one), instantOf(other)) || descending(one.id, other.id)
