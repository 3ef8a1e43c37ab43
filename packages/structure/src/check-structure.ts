import { readImports } from './imports.ts'
import { cycles } from './rules/cycles.ts'
import { packageExports } from './rules/exports.ts'
import { foreignQueries } from './rules/foreign-queries.ts'
import { httpAndPlugins } from './rules/http-and-plugins.ts'
import { moduleLayers } from './rules/module-layers.ts'
import { packages } from './rules/packages.ts'
import { testSupport } from './rules/test-support.ts'
import type { Violation } from './violation.ts'
import { readWorkspace } from './workspace.ts'

const rules = [moduleLayers, httpAndPlugins, foreignQueries, cycles, packages, packageExports, testSupport]

/** Reads the imports of every app, every package and db below the folder, and returns the violations of the rules. */
export async function checkStructure(
  root: string,
): Promise<{ violations: Violation[]; members: number; files: number }> {
  const workspace = await readWorkspace(root)
  const imports = await readImports(root, workspace)
  return {
    violations: rules.flatMap((rule) => rule({ workspace, imports })),
    members: workspace.length,
    files: new Set(imports.map(({ from }) => from)).size,
  }
}
