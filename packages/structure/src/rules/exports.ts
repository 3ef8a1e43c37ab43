import type { Import } from '../imports.ts'
import type { Rule, Violation } from '../violation.ts'
import { exportNamed, type Member, memberOf, type Workspace } from '../workspace.ts'

const rule = 'package exports'

/** Refuses imports that bypass a package's exports, wildcard exports and unused exports. */
export const packageExports: Rule = ({ workspace, imports }) => [
  ...imports.flatMap((one) => unlisted(workspace, one)),
  ...workspace.flatMap((member) => needless(member, usedKeys(workspace, member, imports))),
]

function unlisted(workspace: Workspace, { from, specifier, to }: Import): Violation[] {
  const importer = memberOf(workspace, from)
  const named = exportNamed(workspace, specifier)
  if (named) {
    if (named.member.exports.has(named.key)) return []
    const { folder } = named.member
    const message = `${from} imports "${specifier}", which ${folder}/package.json does not export. Import one of its exports, or add "${named.key}" to them.`
    return [{ rule, file: from, message }]
  }
  const imported = to === undefined ? undefined : memberOf(workspace, to)
  if (!imported || imported === importer) return []
  const message = `${from} reaches into ${imported.folder} by the path "${specifier}". Import what ${imported.name} exports.`
  return [{ rule, file: from, message }]
}

function usedKeys(workspace: Workspace, member: Member, imports: readonly Import[]): Set<string> {
  const keys = imports
    .filter(({ from }) => !from.startsWith(`${member.folder}/`))
    .map(({ specifier }) => exportNamed(workspace, specifier))
    .filter((named) => named?.member === member)
  return new Set(keys.map((named) => named?.key ?? ''))
}

function needless({ folder, exports }: Member, used: ReadonlySet<string>): Violation[] {
  return [...exports.keys()].flatMap((key) => {
    const wrong = key.includes('*')
      ? 'is a wildcard. List what others may import.'
      : used.has(key)
        ? undefined
        : 'is imported by no other package. Remove it.'
    if (!wrong) return []
    const file = `${folder}/package.json`
    return [{ rule, file, message: `The export "${key}" of ${file} ${wrong}` }]
  })
}
