import { matchesGlob } from 'node:path'
import type { Rule } from '../violation.ts'
import { type Member, memberOf, type Workspace } from '../workspace.ts'

/**
 * Refuses a path to a file outside of the package that turbo does not know of: it would answer with a cached result although the
 * file has changed. Turbo knows the packages that package.json names, those that these name, and the inputs in turbo.json.
 */
export const turboInputs: Rule = ({ workspace, paths, inputsOf }) =>
  paths.flatMap(({ from, member, path }) => {
    const owner = memberOf(workspace, `${path}/`)
    if (owner && dependenciesOf(workspace, member).has(owner)) return []
    if (inputsOf(member.name).some((glob) => covers(glob, path))) return []
    const remedy = owner?.kind === 'app' ? '' : owner ? `name ${owner.name} in ${member.folder}/package.json, or ` : ''
    return [
      {
        rule: 'turbo inputs',
        file: from,
        message: `${from} names ${path}, whose changes turbo would not notice: ${remedy}add "$TURBO_ROOT$/${path}" to the inputs of a task in ${member.folder}/turbo.json.`,
      },
    ]
  })

/** Tests whether a glob matches the path or, for a folder, something in it. */
function covers(glob: string, path: string): boolean {
  const atDepth = glob.split('/').slice(0, path.split('/').length).join('/')
  return matchesGlob(path, glob) || matchesGlob(path, atDepth)
}

function dependenciesOf(workspace: Workspace, member: Member, found = new Set<Member>()): Set<Member> {
  for (const name of member.dependencies) {
    const dependency = workspace.find((other) => other.name === name)
    if (!dependency || found.has(dependency)) continue
    found.add(dependency)
    dependenciesOf(workspace, dependency, found)
  }
  return found
}
