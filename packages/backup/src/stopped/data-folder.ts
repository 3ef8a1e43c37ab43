import { createReadStream, createWriteStream } from 'node:fs'
import { copyFile, mkdir, opendir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { checksumOfFile } from '@muster/storage'
import { z } from 'zod'
import { fileEntrySchema, partNames } from '../manifest/manifest.ts'

const entrySchema = z.union([fileEntrySchema, z.object({ folder: z.string() })])
export type DataEntry = z.infer<typeof entrySchema>

/** Of a running server. */
const leftOut = new Set(['postmaster.pid', 'postmaster.opts'])

/** Copies the data folder of a stopped server into a backup, and lists what is in it. @returns the number of bytes */
export async function copyDataFolder(from: string, backup: string): Promise<number> {
  const to = join(backup, partNames.dataFolder)
  await mkdir(to, { mode: 0o700 })
  const list = createWriteStream(join(backup, partNames.dataList), { mode: 0o600 })
  const written = finished(list)
  written.catch(() => {})
  let totalBytes = 0
  for await (const entry of walk(from)) {
    if ('folder' in entry) await mkdir(join(to, entry.folder), { mode: 0o700 })
    else {
      await copyFile(join(from, entry.key), join(to, entry.key))
      entry.sizeBytes = (await stat(join(to, entry.key))).size
      entry.sha256 = await checksumOfFile(join(to, entry.key))
      totalBytes += entry.sizeBytes
    }
    list.write(`${JSON.stringify(entry)}\n`)
  }
  list.end()
  await written
  return totalBytes
}

/** Copies the data folder of a backup to where a server can be started on it. */
export async function placeDataFolder(backup: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await mkdir(to, { recursive: true, mode: 0o700 })
  for await (const entry of readDataList(backup)) {
    if ('folder' in entry) await mkdir(join(to, entry.folder), { mode: 0o700 })
    else await copyFile(join(backup, partNames.dataFolder, entry.key), join(to, entry.key))
  }
}

/** Reads the list of a backup's data folder; a folder stands before what is in it. */
export async function* readDataList(backup: string): AsyncGenerator<DataEntry> {
  const lines = createInterface({ input: createReadStream(join(backup, partNames.dataList)), crlfDelay: Infinity })
  for await (const line of lines) if (line) yield entrySchema.parse(JSON.parse(line))
}

async function* walk(root: string, folder = ''): AsyncGenerator<DataEntry> {
  for await (const entry of await opendir(join(root, folder))) {
    const name = folder ? `${folder}/${entry.name}` : entry.name
    if (leftOut.has(name)) continue
    if (entry.isDirectory()) {
      yield { folder: name }
      yield* walk(root, name)
    } else if (entry.isFile()) yield { key: name, sizeBytes: 0, sha256: '' }
    else throw new Error(`${join(root, name)} is neither a file nor a folder, and cannot be backed up.`)
  }
}
