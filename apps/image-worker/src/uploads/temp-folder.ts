import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'muster-image-'
const leftoverAfterMs = 3_600_000

/** Runs `work` with a new temporary folder and removes the folder afterwards. */
export async function withTempFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), prefix))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Removes temporary folders that killed processes left behind: those older than an hour, longer than any job runs. */
export async function removeLeftovers(now: Date): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue
    const folder = join(tmpdir(), name)
    const found = await stat(folder).catch(() => undefined)
    const isOld = found && now.getTime() - found.mtimeMs > leftoverAfterMs
    if (isOld) await rm(folder, { recursive: true, force: true }).catch(() => {})
  }
}
