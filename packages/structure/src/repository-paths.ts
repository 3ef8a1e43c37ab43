import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import type { Member, Workspace } from './workspace.ts'

/** A path in the source of a package that names a file or folder of the repository outside of this package. */
export type RepositoryPath = { from: string; member: Member; path: string }

/** A string that is a path from the root of the repository, or one that climbs there; a template counts up to its first value. */
const literal = /(['"`])((?:\.\.\/){2,}|(?=(?:apps|packages|db|docs|docker)\/))(?!\.\.)([\w./-]+?)\/?(?:\1|\/?\$\{)/g

/** Reads which paths of the repository the sources of each package name, outside of the package. */
export async function readRepositoryPaths(root: string, workspace: Workspace): Promise<RepositoryPath[]> {
  const found: RepositoryPath[] = []
  for (const member of workspace) {
    for await (const from of glob(`${member.folder}/src/**/*.{ts,tsx}`, { cwd: root })) {
      const text = await readFile(join(root, from), 'utf8')
      for (const [, , climb = '', path = ''] of text.matchAll(literal)) {
        const isInside = climb && normalize(join(dirname(from), climb, path)).startsWith(`${member.folder}/`)
        if (isInside || path.startsWith(`${member.folder}/`) || !existsSync(join(root, path))) continue
        found.push({ from, member, path })
      }
    }
  }
  return found
}
