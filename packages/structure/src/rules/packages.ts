import type { Import } from '../imports.ts'
import type { Rule, Violation } from '../violation.ts'
import { exportNamed, type Member, memberOf, type Workspace } from '../workspace.ts'

/** The packages that may import the API's error catalogue. */
const mayImportErrors = ['@muster/api', '@muster/client']

/** Refuses imports between apps, of apps by packages, of packages by db, and of HTTP's error catalogue outside of the API. */
export const packages: Rule = ({ workspace, imports }) => {
  const violations = new Map<string, Violation>()
  for (const one of imports) {
    const [importer, imported] = [memberOf(workspace, one.from), importedMember(workspace, one)]
    if (!importer || !imported || importer === imported) continue
    const wrong = reason(importer, imported)
    if (!wrong) continue
    violations.set(`${one.from} ${imported.name}`, {
      rule: 'packages',
      file: one.from,
      message: `${one.from} imports ${imported.name}. ${wrong}`,
    })
  }
  return [...violations.values()]
}

/** Finds the imported app or package, also for an import that bypasses its exports. */
export function importedMember(workspace: Workspace, { specifier, to }: Import): Member | undefined {
  return exportNamed(workspace, specifier)?.member ?? (to === undefined ? undefined : memberOf(workspace, to))
}

function reason(importer: Member, imported: Member): string | undefined {
  if (imported.kind === 'app')
    return importer.kind === 'app'
      ? 'An app imports no other app: a rule that two apps need becomes a package.'
      : 'A package imports no app: move what both need into a package.'
  if (importer.kind === 'db')
    return 'db imports no package: move the code that needs it into devkit or into the package.'
  if (imported.name === '@muster/errors' && !mayImportErrors.includes(importer.name))
    return 'The error catalogue belongs to HTTP: throw an error of your own domain, which the API maps.'
  return
}
