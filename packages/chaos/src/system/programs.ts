import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type Entry, sources } from '@muster/launcher/entries'
import { programFile } from '@muster/testing'

export const root = resolve(import.meta.dirname, '../../../..')

const launcher = join(root, 'packages/launcher')
const bundleScript = join(launcher, 'src/build/bundle.ts')

/** Returns the file that runs a process or a command: of the bundle that the global setup of the tests has built, where there is one. */
export const entryFile = (entry: Entry): string => programFile(sourceFile(entry))

/** Returns the source file of a process or a command, in this checkout or in that of another release. */
export const sourceFile = (entry: Entry, checkout = root): string => join(checkout, sources[entry])

/**
 * Builds the bundle of the present sources into the folder of test runs, unless it is there already. A run that watches builds it beside
 * the one in use, and replaces it.
 * @returns its files by the absolute paths of their sources
 */
export async function ensureBundle(): Promise<Record<string, string>> {
  const folder = join(resolve(root, process.env.MUSTER_HOME || '.muster'), 'test/bundle')
  const stampFile = join(folder, 'stamp')
  const stamp = stampOfSources()
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === stamp) return filesOf(folder)

  const unfinished = `${folder}-${process.pid}`
  await mkdir(dirname(folder), { recursive: true })
  await promisify(execFile)(process.execPath, [bundleScript, unfinished, '--without-pages'])
  // The packages that are not part of the bundle are those of the launcher.
  await symlink(join(launcher, 'node_modules'), join(unfinished, 'node_modules'))
  await writeFile(join(unfinished, 'stamp'), stamp)
  await rm(folder, { recursive: true, force: true })
  await rename(unfinished, folder)
  return filesOf(folder)
}

const filesOf = (folder: string) =>
  Object.fromEntries(
    Object.entries(sources).map(([entry, source]) => [join(root, source), join(folder, `${entry}.js`)]),
  )

/** Returns a hash of all that the bundle is made of, like the inputs of its task in turbo. */
function stampOfSources(): string {
  const patterns = [
    'apps/*/{package.json,src/**}',
    'packages/*/{package.json,src/**}',
    'db/{package.json,src/**,migrations/**}',
    'docs/**',
    'docker/.env.example',
    'pnpm-lock.yaml',
  ]
  const hash = createHash('sha256').update(process.version)
  const files = globSync(patterns, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map(({ parentPath, name }) => join(parentPath, name))
  for (const file of files.sort()) hash.update(`\0${file}\0`).update(readFileSync(file))
  return hash.digest('hex')
}
