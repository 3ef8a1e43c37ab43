import { dirname } from 'node:path'
import { placeOf } from '../place.ts'
import type { Rule } from '../violation.ts'

/** Refuses imports of a queries file from outside of its own feature: the module's folder, or the folder that it lies in. */
export const foreignQueries: Rule = ({ imports }) =>
  imports.flatMap(({ from, to }) => {
    if (!to || !/\.queries(\.test)?\.ts$/.test(to) || from.startsWith(`${featureOf(to)}/`)) return []
    return [
      {
        rule: 'foreign queries',
        file: from,
        message: `${from} imports ${to}. Queries belong to their feature (${featureOf(to)}): call a function of its service instead.`,
      },
    ]
  })

function featureOf(file: string): string {
  const place = placeOf(file)
  return place?.area === 'module' ? `apps/api/src/modules/${place.module}` : dirname(file)
}
