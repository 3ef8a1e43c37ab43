import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { storageFolders } from '@muster/storage/config'
import { assertWritable, lowSpaceBytes, type NeededFolder, readSpace } from '@muster/telemetry'
import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

/** Below this, a day of uploads may fill the disk. */
const scarceBytes = 1024 ** 3

/** Writes to each folder that the processes need, and measures the space behind it. */
export async function checkFolders({ settings: { stagingDir, storage } }: Tools, notes: Notes): Promise<void> {
  const folders: NeededFolder[] = [
    { path: tmpdir(), what: 'The folder for temporary files', variable: 'TMPDIR' },
    ...(stagingDir
      ? [{ path: stagingDir, what: 'The staging folder of uploads', variable: 'STAGING_DIR', isMade: true }]
      : []),
    ...(storage ? storageFolders(storage) : []),
  ]
  await Promise.all(folders.map((folder) => checkFolder(folder, notes)))
}

async function checkFolder(folder: NeededFolder, notes: Notes): Promise<void> {
  // A process makes it at its start, as its own user: this command may run as another.
  const path = folder.isMade ? await nearestFolder(folder.path) : folder.path
  try {
    await assertWritable(folder, path)
  } catch (error) {
    const [what = '', remedy = ''] = (error as Error).message.split(/(?<=\.) (?=Make|Free)/)
    const id = remedy.startsWith('Free') ? 'disk' : 'folder'
    return notes.find({ id, severity: 'error', what, remedy })
  }
  const { freeBytes, totalBytes } = await readSpace(path)
  const gib = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`
  notes.fact(`${folder.path} (${folder.variable}) can be written: ${gib(freeBytes)} of ${gib(totalBytes)} are free.`)
  // A small file system in memory, as containers have for temporary files, is not scarce while most of it is free.
  const isScarce = freeBytes < Math.min(scarceBytes, totalBytes / 2)
  if (!isScarce) return
  notes.find({
    id: 'disk',
    severity: freeBytes < lowSpaceBytes ? 'error' : 'warning',
    what: `${folder.what}, ${folder.path}, has ${(freeBytes / 1024 ** 2).toFixed(0)} MiB of free space left.`,
    remedy: `Free some space, or set ${folder.variable} to a folder on a larger disk.`,
  })
}

/** Returns the folder, or of one that does not exist the nearest parent that does. */
async function nearestFolder(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
  return isThere || dirname(path) === path ? path : nearestFolder(dirname(path))
}
