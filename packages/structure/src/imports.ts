import { cruise, type ICruiseResult, type IDependency } from 'dependency-cruiser'
import { exportNamed, type Workspace } from './workspace.ts'

/** An import of one file of the workspace by another. */
export type Import = {
  from: string
  specifier: string
  /** The imported file; undefined when the specifier names a package of the workspace but none of its exports. */
  to: string | undefined
  isTypeOnly: boolean
}

/** Reads every import between files of the workspace. Paths are relative to the root; imports of libraries are left out. */
export async function readImports(root: string, workspace: Workspace): Promise<Import[]> {
  const { output } = await cruise(
    workspace.map(({ folder }) => folder),
    {
      baseDir: root,
      // Uses only the compiler's own parser: it takes a third of the time and distinguishes types from values.
      parser: 'tsc',
      tsPreCompilationDeps: true,
      skipAnalysisNotInRules: true,
      moduleSystems: ['es6'],
      doNotFollow: { path: 'node_modules' },
      // The texts of the pages are compiled into src/paraglide, also while this reads.
      exclude: { path: '(^|/)(node_modules|dist|fixtures/migrations|src/paraglide)/' },
      enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.json'] },
    },
  )
  const found = (output as ICruiseResult).modules.flatMap(({ source, dependencies }) =>
    dependencies.map((dependency) => asImport(workspace, source, dependency)).filter((one) => one !== undefined),
  )
  return mergeTypesAndValues(found)
}

function asImport(
  workspace: Workspace,
  from: string,
  { module: specifier, resolved, dependencyTypes, couldNotResolve }: IDependency,
): Import | undefined {
  const isTypeOnly = dependencyTypes.includes('type-only')
  const named = exportNamed(workspace, specifier)
  if (named) return { from, specifier, to: named.member.exports.get(named.key), isTypeOnly }
  if (specifier.startsWith('.') && !couldNotResolve) return { from, specifier, to: resolved, isTypeOnly }
  return undefined
}

/** Merges two imports of the same file, one of types and one of values, into one import of values. */
function mergeTypesAndValues(imports: readonly Import[]): Import[] {
  const merged = new Map<string, Import>()
  for (const one of imports) {
    const key = `${one.from} ${one.specifier}`
    const other = merged.get(key)
    merged.set(key, other ? { ...one, isTypeOnly: one.isTypeOnly && other.isTypeOnly } : one)
  }
  return [...merged.values()]
}
