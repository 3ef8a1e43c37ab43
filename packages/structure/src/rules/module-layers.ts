import type { Import } from '../imports.ts'
import { rowOf } from '../layers.ts'
import { isTestFile, type Place, placeOf } from '../place.ts'
import type { Rule, Violation } from '../violation.ts'

const rule = 'module layers'
const list = 'packages/structure/src/layers.ts'

/** Refuses imports of a module that its row in the list of layers does not allow. Tests and their support are exempt. */
export const moduleLayers: Rule = ({ imports }) => [
  ...unlistedModules(imports),
  ...imports.flatMap((one) => judged(one)).filter((violation) => violation !== undefined),
]

function unlistedModules(imports: readonly Import[]): Violation[] {
  const firstFiles = new Map<string, string>()
  for (const { from } of imports) {
    const place = placeOf(from)
    if (place?.area !== 'module' || rowOf(place.module) || firstFiles.has(place.module)) continue
    firstFiles.set(place.module, from)
  }
  return [...firstFiles].map(([module, file]) => ({
    rule,
    file,
    message: `The module "${module}" stands in no row of the layers. Add it to a row in ${list}.`,
  }))
}

function judged({ from, to, isTypeOnly }: Import): Violation | undefined {
  if (!to || isTestFile(from)) return
  const importer = placeOf(from)
  const imported = placeOf(to)
  if (importer?.area !== 'module' || !imported) return
  const wrong = reason(importer.module, imported, to, isTypeOnly)
  if (!wrong) return
  return {
    rule,
    file: from,
    message: `${from} imports ${isTypeOnly ? 'a type of ' : ''}${to}. ${wrong}`,
  }
}

function reason(importer: string, imported: Place, to: string, isTypeOnly: boolean): string | undefined {
  switch (imported.area) {
    case 'http':
    case 'sql':
    case 'plugins':
      return
    case 'realtime':
    case 'cli':
      return `No module imports ${imported.area}/. Hand in what "${importer}" needs as a step where app.ts composes them.`
    case 'root':
      return isTypeOnly
        ? undefined
        : `A module takes only types from ${fileName(to)}. Use "import type", or take the value from the dependencies that it is given.`
    case 'module':
      return reasonBetween(importer, imported.module)
  }
}

function reasonBetween(importer: string, imported: string): string | undefined {
  const [row, other] = [rowOf(importer), rowOf(imported)]
  if (importer === imported || !row || !other || other < row) return
  const where =
    other === row
      ? `"${importer}" and "${imported}" share row ${row}, and the modules of one row do not know each other.`
      : `"${importer}" (row ${row}) may import only from rows above it, and "${imported}" is in row ${other}.`
  return `${where} Hand in what is needed as a step where app.ts composes them, or move one of them to another row in ${list}.`
}

const fileName = (path: string) => path.split('/').at(-1)
