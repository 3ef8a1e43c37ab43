import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A file system of its own in memory, which a test can fill and empty. */
export type SmallDisk = { path: string; fill(): Promise<void>; empty(): Promise<void>; unmount(): Promise<void> }

/** Mounts a disk in a folder. @returns undefined where this machine mounts none, for lack of rights */
export async function mountDisk(parent: string, name: string, sizeMiB: number): Promise<SmallDisk | undefined> {
  const path = join(parent, name)
  await mkdir(path)
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path])
  } catch {
    return undefined
  }
  const filler = join(path, '.filler')
  return {
    path,
    fill: () =>
      run('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k']).then(
        () => {},
        () => {},
      ),
    empty: () => rm(filler),
    unmount: async () => void (await run('umount', ['-l', path])),
  }
}
