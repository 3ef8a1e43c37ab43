/** Returns the name with the fewest wrong letters; undefined when more than a third are wrong. */
export function nearestOf(asked: string, names: readonly string[]): string | undefined {
  const [nearest] = names
    .map((name) => ({ name, distance: distanceOf(asked.toLowerCase(), name) }))
    .toSorted((one, other) => one.distance - other.distance)
  return nearest && nearest.distance <= Math.ceil(asked.length / 3) ? nearest.name : undefined
}

/** Counts the letters to insert, remove or replace between two words (Levenshtein). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1]
    for (let column = 1; column <= other.length; column++)
      next.push(
        Math.min(
          (row[column] as number) + 1,
          (next[column - 1] as number) + 1,
          (row[column - 1] as number) + (letter === other[column - 1] ? 0 : 1),
        ),
      )
    row = next
  }
  return row[other.length] as number
}
