/** Writes a number with its noun: `1 job`, `2 jobs`, `1 address`, `2 addresses`. */
export const counted = (count: number, singular: string, plural = `${singular}s`): string =>
  `${count} ${count === 1 ? singular : plural}`
