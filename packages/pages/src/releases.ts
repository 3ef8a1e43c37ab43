import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hashedFolder } from './folders.ts'

/** The record of the release in a folder of pages: a file whose name begins with a dot, so that web servers do not show it. */
type Release = {
  /** The stamp of the sources. */
  stamp: string
  /** The hashed files of the release, below `assets`. */
  files: string[]
  /** Those of the release before, which pages that are open still load. */
  filesBefore: string[]
}

const recordName = '.release.json'

/** Reads which release a folder holds; undefined for a folder without pages. */
export function readRelease(folder: string): Release | undefined {
  if (!existsSync(join(folder, 'index.html'))) return undefined
  try {
    return JSON.parse(readFileSync(join(folder, recordName), 'utf8')) as Release
  } catch {
    return undefined
  }
}

/**
 * Moves newly built pages into the folder that is served, and keeps the hashed files of the release before them beside theirs, so that
 * a page that is open goes on. At any moment the folder's `index.html` names only files that are there.
 * @param built a folder on the same disk, which is removed
 */
export function publishRelease(built: string, folder: string, stamp: string): void {
  const before = readRelease(folder)
  const found = hashedFilesOf(folder)
  const files = hashedFilesOf(built)
  const isSame = before !== undefined && files.join() === before.files.join()
  // Without a record, all files that are there may be those of the release before.
  const filesBefore = isSame ? before.filesBefore : (before?.files ?? found)
  const all = globSync('**/*.*', { cwd: built }).filter((path) => !path.startsWith('.'))
  // The page comes last, and its compressed copies before it.
  for (const path of all.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    renameSync(join(built, path), join(folder, path))
  }
  const kept = new Set([...files, ...filesBefore])
  for (const path of found) if (!kept.has(path)) rmSync(join(folder, hashedFolder, path), { force: true })
  const others = globSync('*.*', { cwd: folder }).filter((path) => !all.includes(path))
  for (const path of others) rmSync(join(folder, path))
  writeFileSync(join(folder, recordName), JSON.stringify({ stamp, files, filesBefore } satisfies Release))
  rmSync(built, { recursive: true, force: true })
}

const hashedFilesOf = (folder: string) => globSync('**/*.*', { cwd: join(folder, hashedFolder) }).toSorted()

const rankOf = (path: string) =>
  path.startsWith(`${hashedFolder}/`) ? 0 : path === 'index.html' ? 3 : path.startsWith('index.html') ? 2 : 1
