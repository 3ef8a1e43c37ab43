import { readImports } from './imports.ts'
import { readLogLines } from './log-lines/read-log-lines.ts'
import { readRepositoryPaths } from './repository-paths.ts'
import { cycles } from './rules/cycles.ts'
import { packageExports } from './rules/exports.ts'
import { foreignQueries } from './rules/foreign-queries.ts'
import { httpAndPlugins } from './rules/http-and-plugins.ts'
import { logLines } from './rules/log-lines.ts'
import { moduleLayers } from './rules/module-layers.ts'
import { packages } from './rules/packages.ts'
import { pageLayers } from './rules/page-layers.ts'
import { scripts } from './rules/scripts.ts'
import { testSupport } from './rules/test-support.ts'
import { turboInputs } from './rules/turbo-inputs.ts'
import { readTurboInputs } from './turbo-inputs.ts'
import type { Violation } from './violation.ts'
import { readWorkspace } from './workspace.ts'

const rules = [
  moduleLayers,
  httpAndPlugins,
  foreignQueries,
  cycles,
  pageLayers,
  packages,
  packageExports,
  scripts,
  testSupport,
  turboInputs,
  logLines,
]

/** Reads the imports and paths of every app, every package and db below the folder, and returns the violations of the rules. */
export async function checkStructure(
  root: string,
): Promise<{ violations: Violation[]; members: number; files: number }> {
  const workspace = await readWorkspace(root)
  const [imports, paths, inputsOf, lines] = await Promise.all([
    readImports(root, workspace),
    readRepositoryPaths(root, workspace),
    readTurboInputs(root, workspace),
    readLogLines(root, workspace),
  ])
  return {
    violations: rules.flatMap((rule) => rule({ workspace, imports, paths, inputsOf, logLines: lines })),
    members: workspace.length,
    files: new Set(imports.map(({ from }) => from)).size,
  }
}
