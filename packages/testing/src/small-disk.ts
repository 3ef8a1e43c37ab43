import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A file system of its own in memory, which a test can fill and empty. */
export type SmallDisk = { path: string; fill(): Promise<void>; empty(): Promise<void>; unmount(): Promise<void> }

/** Mounts a disk in a folder. @returns undefined when the user of the tests may not mount, as anybody but root */
export async function mountDisk(parent: string, name: string, sizeMiB: number): Promise<SmallDisk | undefined> {
  const path = join(parent, name)
  await mkdir(path)
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path], {
      env: { ...process.env, LC_ALL: 'C' },
    })
  } catch (error) {
    if (/permission denied|superuser|not permitted/i.test(String(error))) return undefined
    throw error
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
