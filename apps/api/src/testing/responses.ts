/** Makes `count` calls in parallel. */
export const times = <T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)))

/** Returns the HTTP statuses of responses, in order. */
export const statusesOf = (responses: readonly { statusCode: number }[]): number[] =>
  responses.map(({ statusCode }) => statusCode)
