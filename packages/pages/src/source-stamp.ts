import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root, webFolder } from './folders.ts'

/** Paths that are no sources of the pages: generated files, installed packages, tests and documents. */
const left = /(^|\/)(node_modules|dist|paraglide|README\.md|cache|\.[^/]+)(\/|$)|\.gen\.ts$|\.test\.tsx?$/

/**
 * Returns a stamp of everything that the pages are made of: their sources, those of the packages that they import, the versions of
 * libraries, and the build itself. It depends on contents alone, so that a checkout or a copy of the same sources has the same one.
 */
export function readSourceStamp(): string {
  const hash = createHash('sha256')
  const folders = ['packages/pages', ...foldersOf(webFolder, new Set())]
  const files = folders.flatMap((folder) =>
    globSync(`${folder}/**/*`, { cwd: root, exclude: (path) => left.test(path) }),
  )
  for (const path of [
    'pnpm-lock.yaml',
    'tsconfig.base.json',
    ...files.filter((one) => statSync(join(root, one)).isFile()),
  ].toSorted())
    hash.update(`${path}\0`).update(
      createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest(),
    )
  return hash.digest('base64url')
}

/** Lists the folder of a package and those of its dependencies in this repository, as paths from the root. */
function foldersOf(folder: string, seen: Set<string>): Set<string> {
  seen.add(folder.slice(root.length + 1))
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  for (const name of Object.keys(dependencies)) {
    const own = join(root, name.replace('@muster/', 'packages/'))
    if (name.startsWith('@muster/') && existsSync(own) && !seen.has(own.slice(root.length + 1))) foldersOf(own, seen)
  }
  return seen
}

type Manifest = { dependencies?: Record<string, string> }
