import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type Kind = 'app' | 'package' | 'db'

/** One app or package of the workspace. */
export type Member = {
  name: string
  kind: Kind
  /** Relative to the root: `packages/jobs`. */
  folder: string
  /** The exports of package.json: `./outbox` → `packages/jobs/src/outbox.ts`. */
  exports: ReadonlyMap<string, string>
  /** Names of the packages in package.json, for production or development. */
  dependencies: readonly string[]
  /** Names of the scripts in package.json. */
  scripts: readonly string[]
}

type Manifest = { name: string } & Partial<
  Record<'exports' | 'scripts' | 'dependencies' | 'devDependencies', Record<string, string>>
>

export type Workspace = readonly Member[]

/** Reads the package.json of each app, each package and db. */
export async function readWorkspace(root: string): Promise<Workspace> {
  const folders = await Promise.all(
    ['apps', 'packages'].map(async (parent) =>
      (await readdir(join(root, parent)).catch(() => [])).map((name) => `${parent}/${name}`),
    ),
  )
  const members = await Promise.all(['db', ...folders.flat().sort()].map((folder) => readMember(root, folder)))
  return members.filter((member) => member !== undefined)
}

/** Finds the app or package of a file. */
export function memberOf(workspace: Workspace, file: string): Member | undefined {
  return workspace.find(({ folder }) => file.startsWith(`${folder}/`))
}

/** Resolves `@muster/jobs/outbox` to the package and `./outbox`; undefined for a package outside of the workspace. */
export function exportNamed(workspace: Workspace, specifier: string): { member: Member; key: string } | undefined {
  const member = workspace.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`))
  return member && { member, key: `.${specifier.slice(member.name.length)}` }
}

async function readMember(root: string, folder: string): Promise<Member | undefined> {
  const text = await readFile(join(root, folder, 'package.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return
  const { name, exports = {}, scripts = {}, dependencies, devDependencies } = JSON.parse(text) as Manifest
  return {
    name,
    kind: folder === 'db' ? 'db' : folder.startsWith('apps/') ? 'app' : 'package',
    folder,
    exports: new Map(Object.entries(exports).map(([key, target]) => [key, join(folder, target)])),
    dependencies: Object.keys({ ...dependencies, ...devDependencies }),
    scripts: Object.keys(scripts),
  }
}
