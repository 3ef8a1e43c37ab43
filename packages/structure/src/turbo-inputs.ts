import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Workspace } from './workspace.ts'

type TurboFile = { globalDependencies?: string[]; tasks?: Record<string, { inputs?: string[] }> }

/** The files outside of a package that turbo's hashes of its tasks cover, as globs from the root: by the name of the package. */
export type TurboInputs = (packageName: string) => readonly string[]

const rootPrefix = '$TURBO_ROOT$/'

/** Reads `turbo.json` of the root and of each package. */
export async function readTurboInputs(root: string, workspace: Workspace): Promise<TurboInputs> {
  const { globalDependencies = [] } = await readTurboFile(root)
  const byName = new Map<string, string[]>()
  for (const { name, folder } of workspace) {
    const { tasks = {} } = await readTurboFile(join(root, folder))
    const inputs = Object.values(tasks).flatMap((task) => task.inputs ?? [])
    const outside = inputs
      .filter((input) => input.startsWith(rootPrefix))
      .map((input) => input.slice(rootPrefix.length))
    byName.set(name, [...globalDependencies, ...outside])
  }
  return (name) => byName.get(name) ?? []
}

async function readTurboFile(folder: string): Promise<TurboFile> {
  const text = await readFile(join(folder, 'turbo.json'), 'utf8').catch(() => '{}')
  return JSON.parse(text) as TurboFile
}
