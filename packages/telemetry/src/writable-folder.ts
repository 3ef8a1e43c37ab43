import { randomUUID } from 'node:crypto'
import { mkdir, open, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Logger } from '@muster/logger'
import { scrapedGauges } from './scraped-gauges.ts'
import type { StartCheck } from './start-checks.ts'

/** Describes a folder that a process must be able to write to. */
export type NeededFolder = {
  path: string
  /** Its purpose, as the beginning of a sentence, e.g. `The folder for temporary files`. */
  what: string
  /** The environment variable that names it. */
  variable: string
  /** Whether the check creates it when it is missing. */
  isMade?: boolean
}

/** Below this, uploads of the usual size fail soon. */
export const lowSpaceBytes = 64 * 1024 ** 2
/** Too large for a file system to store within a directory entry, so that a full disk is noticed. */
const probe = Buffer.alloc(64 * 1024, 1)

/** The folders of this process by the variables that name them. */
const checked = new Map<string, string>()

const readAll = () =>
  Promise.all([...checked].map(async ([variable, path]) => ({ variable, ...(await readSpace(path)) })))

/** Notes a folder, whose free space is then a metric. */
function noteFolder({ path, variable }: NeededFolder): void {
  if (checked.size === 0) registerFreeBytes()
  checked.set(variable, path)
}

const registerFreeBytes = () =>
  scrapedGauges(readAll, [
    {
      name: 'muster_storage_free_bytes',
      help: 'Free space of the file system of a folder, by the variable that names the folder.',
      labelNames: ['folder'],
      samples: (folders) =>
        folders.map(({ variable, freeBytes }) => ({ labels: { folder: variable }, value: freeBytes })),
    },
  ])

/**
 * Creates a start check that writes a file to the folder and deletes it. It warns when little space is free.
 * @throws Error with the folder, the variable and the remedy when it cannot write
 */
export function folderCheck(folder: NeededFolder, log: Logger): StartCheck {
  return async () => {
    const { path, variable, isMade } = folder
    if (isMade) await makeFolder(path).catch((cause) => refuse(folder, cause))
    await assertWritable(folder)
    const { freeBytes } = await readSpace(path)
    noteFolder(folder)
    if (freeBytes < lowSpaceBytes)
      log.warn({ component: 'folders', folder: path, variable, freeBytes }, 'folder low on space')
  }
}

/**
 * Writes a file to the folder and deletes it.
 * @param parent where the folder would be made, when it does not exist yet
 * @throws Error with the folder, the variable and the remedy when it cannot
 */
export async function assertWritable(folder: NeededFolder, parent = folder.path): Promise<void> {
  const file = join(parent, `.muster-write-check-${randomUUID()}`)
  await writeAndRemove(file).catch((cause) => refuse(folder, cause, parent))
}

function refuse({ path, what, variable }: NeededFolder, cause: unknown, parent = path): never {
  const failed = parent === path ? "can't be written" : `can't be made in ${parent}`
  throw new Error(`${what}, ${path}, ${failed}: ${reasonOf(cause)} ${remedyOf(cause, variable)}`, { cause })
}

/** Reads the space of a folder's file system that its user may fill, and all of it. */
export async function readSpace(path: string): Promise<{ freeBytes: number; totalBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(path)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}

/** Creates a folder and its parents. Node's recursive `mkdir` never returns below procfs, where existing folders fail with ENOENT. */
async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return
  const parent = dirname(path)
  if (parent !== path) await makeFolder(parent)
  try {
    await mkdir(path)
  } catch (error) {
    // Another process may have created it meanwhile.
    if (!(await isFolder(path))) throw error
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

async function writeAndRemove(path: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(probe)
      await file.sync()
    } finally {
      await file.close()
    }
  } finally {
    await rm(path, { force: true }).catch(() => {})
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it is not a folder',
  EEXIST: 'it is not a folder',
  EACCES: 'the user of this process may not write there',
  EPERM: 'the user of this process may not write there',
  EROFS: 'its file system is read-only',
  ENOSPC: 'its disk is full',
  EDQUOT: 'its quota is used up',
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? ''

const reasonOf = (error: unknown) =>
  `${reasons[codeOf(error)] ?? (error instanceof Error ? error.message : String(error))}${codeOf(error) ? ` (${codeOf(error)})` : ''}.`

const remedyOf = (error: unknown, variable: string) =>
  ['ENOSPC', 'EDQUOT'].includes(codeOf(error))
    ? `Free some space, or set ${variable} to another folder.`
    : `Make it a folder that this user may write to (in a container: a volume or tmpfs), or set ${variable} to another one.`
