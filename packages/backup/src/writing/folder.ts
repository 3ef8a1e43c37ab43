import { chmod, mkdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { sizeText } from '../progress.ts'
import { BackupRefusal } from '../refusal.ts'
import { flush } from './copy-files.ts'
import { isFullDisk } from './full-disk.ts'

/** The folder in which a backup is being written. It gets its name when it is complete. */
export type UnfinishedFolder = {
  path: string
  /** @throws BackupRefusal when so many bytes are not free */
  assertFree(bytes: number): Promise<void>
  finish(): Promise<void>
  remove(): Promise<void>
}

/**
 * Creates the folder of a backup, which only this user can read, and writes into it. After any failure nothing of it is left.
 * @param write finishes the folder as its last step
 * @throws BackupRefusal when the final name is taken, or when the disk became full
 */
export async function writeIntoFolder<T>(given: string, write: (folder: UnfinishedFolder) => Promise<T>): Promise<T> {
  const folder = await createFolder(given)
  try {
    return await write(folder)
  } catch (error) {
    await folder.remove()
    if (!isFullDisk(error)) throw error
    const place = dirname(folder.path)
    throw new BackupRefusal(
      `The disk of ${place} became full while the backup was written. Nothing is left of it, and the ${sizeText(await freeBytes(place))} that are free now are too few. Make space, or choose another disk.`,
      { cause: error },
    )
  }
}

async function createFolder(given: string): Promise<UnfinishedFolder> {
  const target = resolve(given)
  if (await stat(target).catch(() => undefined))
    throw new BackupRefusal(
      `${given} exists already. Name a folder that does not, e.g. one with the date, so that no backup replaces another one.`,
    )
  const path = `${target}.unfinished`
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    await rm(path, { recursive: true, force: true })
    await mkdir(path, { mode: 0o700 })
    await chmod(path, 0o700)
  } catch (cause) {
    throw new BackupRefusal(
      `${path} cannot be made: ${(cause as Error).message}. Choose a folder that this user may write to.`,
      { cause },
    )
  }
  return {
    path,
    async assertFree(bytes) {
      const free = await freeBytes(path)
      if (free >= bytes) return
      throw new BackupRefusal(
        `The disk of ${dirname(target)} has ${sizeText(free)} free, and the backup needs about ${sizeText(bytes)}. Make space, or choose another disk.`,
      )
    },
    async finish() {
      await flush(path)
      await rename(path, target)
      await flush(dirname(target))
    },
    remove: () => rm(path, { recursive: true, force: true }),
  }
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}
