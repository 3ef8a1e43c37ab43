import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type Entry, sources } from './entries.ts'

const root = resolve(import.meta.dirname, '../../..')
const script = join(import.meta.dirname, 'build/bundle.ts')
/** A file here finds the packages that are not part of the bundle: those of the launcher. */
const bundles = join(root, 'packages/launcher/node_modules/.cache/bundle')
/** Running copies load further parts from the bundle they started from, while others build new ones. */
const keptBundles = 5

/** The files of the bundle by their entries. */
export type BundledFiles = Record<Entry, string>

/**
 * Builds the bundle of the present sources, without the pages, unless there is one. All processes of one checkout share it. A process
 * starts from it with half of the processor time that it needs from sources.
 * @param onBuild called before sources are bundled, which takes seconds
 * @throws Error with what esbuild reports
 */
export async function currentBundle({ onBuild }: { onBuild?: () => void } = {}): Promise<BundledFiles> {
  const folder = join(bundles, stampOfSources())
  if (existsSync(folder)) utimesSync(folder, new Date(), new Date())
  else {
    onBuild?.()
    await build(folder)
  }
  return Object.fromEntries(Object.keys(sources).map((entry) => [entry, join(folder, `${entry}.js`)])) as BundledFiles
}

async function build(folder: string): Promise<void> {
  await mkdir(bundles, { recursive: true })
  await removeOld()
  const unfinished = `${folder}-${process.pid}`
  try {
    await promisify(execFile)(process.execPath, [script, unfinished, '--without-pages'])
    // Without it, Node would compile each file once more to learn that it is a module.
    await writeFile(join(unfinished, 'package.json'), '{ "type": "module" }\n')
    await rename(unfinished, folder)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    // Another process may have built the same meanwhile.
    if (!existsSync(folder)) {
      const { stderr, message } = error as { stderr?: string; message: string }
      throw new Error(`The sources could not be bundled:\n${stderr || message}`)
    }
  }
}

/** Removes all but the bundles that were used last. */
async function removeOld(): Promise<void> {
  const lastUseMs = (name: string) => statSync(join(bundles, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const old = readdirSync(bundles)
    .map((name) => ({ name, usedMs: lastUseMs(name) }))
    .toSorted((one, other) => other.usedMs - one.usedMs)
    .slice(keptBundles - 1)
  for (const { name } of old) await rm(join(bundles, name), { recursive: true, force: true })
}

/** Returns a hash of the paths, times and sizes of all files that the bundle is made of: reading them would take half a second. */
function stampOfSources(): string {
  const folders = ['apps', 'packages'].flatMap((parent) =>
    readdirSync(join(root, parent))
      .filter((name) => `${parent}/${name}` !== 'apps/web')
      .map((name) => join(parent, name)),
  )
  const parts = [
    ...folders.flatMap((folder) => [join(folder, 'package.json'), join(folder, 'src')]),
    ...['db/package.json', 'db/src', 'db/migrations', 'docs', 'docker/.env.example', 'pnpm-lock.yaml'],
  ]
  const hash = createHash('sha256').update(process.version)
  for (const file of parts.flatMap(filesOf).sort()) {
    const { mtimeMs, size } = statSync(join(root, file))
    hash.update(`\0${file} ${mtimeMs} ${size}`)
  }
  return hash.digest('base64url')
}

/** Lists the files of a folder but for tests, as paths from the root; for a file, itself. */
function filesOf(path: string): string[] {
  const found = statSync(join(root, path), { throwIfNoEntry: false })
  if (!found?.isDirectory()) return found ? [path] : []
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
}
