import type { Import } from '../imports.ts'
import { isTestFile, placeOf } from '../place.ts'
import { shortestCycles } from '../shortest-cycles.ts'
import type { Rule, Structure, Violation } from '../violation.ts'
import { memberOf } from '../workspace.ts'
import { importedMember } from './packages.ts'

const rule = 'cycles'

/** Refuses cycles between packages, between modules of the API (without their tests), and between files (without types). */
export const cycles: Rule = (structure) => [
  ...cyclesBetween('packages', packageEdges(structure)),
  ...cyclesBetween('modules', moduleEdges(structure.imports)),
  ...cyclesBetween('files', fileEdges(structure.imports)),
]

/** From → to → the file whose import makes the edge. */
type Edges = Map<string, Map<string, string>>

function cyclesBetween(what: string, edges: Edges): Violation[] {
  return shortestCycles(edges).map((cycle) => {
    const [first = '', second = ''] = cycle
    const path = [...cycle, first].join(' → ')
    const file = edges.get(first)?.get(second) ?? first
    const message = `These ${what} import each other: ${path}. Remove one of the imports, for example by moving what both need below them.`
    return { rule, file, message }
  })
}

function packageEdges({ workspace, imports }: Structure): Edges {
  return edgesOf(imports, (one) => [memberOf(workspace, one.from)?.name, importedMember(workspace, one)?.name])
}

function moduleEdges(imports: readonly Import[]): Edges {
  return edgesOf(
    imports.filter(({ from }) => !isTestFile(from)),
    ({ from, to }) => [moduleOf(from), to && moduleOf(to)],
  )
}

function fileEdges(imports: readonly Import[]): Edges {
  return edgesOf(
    imports.filter(({ isTypeOnly }) => !isTypeOnly),
    ({ from, to }) => [from, to],
  )
}

function edgesOf(imports: readonly Import[], ends: (one: Import) => [string | undefined, string | undefined]): Edges {
  const edges: Edges = new Map()
  for (const one of imports) {
    const [from, to] = ends(one)
    if (!from || !to || from === to) continue
    const targets = edges.get(from) ?? new Map<string, string>()
    if (!targets.has(to)) targets.set(to, one.from)
    edges.set(from, targets)
  }
  return edges
}

function moduleOf(file: string): string | undefined {
  const place = placeOf(file)
  return place?.area === 'module' ? place.module : undefined
}
