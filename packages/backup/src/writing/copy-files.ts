import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { checksumOfFile, FileNotStoredError, type Storage, StorageUnavailableError } from '@muster/storage'
import { type FileEntry, partNames } from '../manifest/manifest.ts'
import { type Progress, sizeText } from '../progress.ts'
import { isFullDisk } from './full-disk.ts'
import type { NamedFile } from './named-files.ts'

type Copying = { storage: Pick<Storage, 'copyTo'>; folder: string; signal: AbortSignal; report: Progress }
export type CopiedFiles = { count: number; totalBytes: number; missing: string[]; missingCount: number }

const concurrency = 4
const retryDelaysMs = [1_000, 2_000, 5_000, 10_000, 20_000]
const listedMissing = 100

/**
 * Copies the files of a list, one `NamedFile` as JSON a line, from the store into the folder of a backup, and writes the list of the
 * copies. A file that the store lacks is noted when something is lost without it.
 * @throws StorageUnavailableError when the store stays unavailable
 */
export async function copyNamedFiles(list: string, { storage, folder, signal, report }: Copying): Promise<CopiedFiles> {
  const result: CopiedFiles = { count: 0, totalBytes: 0, missing: [], missingCount: 0 }
  const output = createWriteStream(join(folder, partNames.files), { mode: 0o600 })
  const written = finished(output)
  // It is awaited at the end; until then a full disk is no unhandled rejection.
  written.catch(() => {})
  const note = async ({ key, isNeeded }: NamedFile) => {
    const entry = await withRetries(() => copyOne(storage, folder, key, signal), signal)
    if (entry) {
      result.count++
      result.totalBytes += entry.sizeBytes
      output.write(`${JSON.stringify(entry)}\n`)
    } else if (isNeeded) {
      result.missingCount++
      if (result.missing.length < listedMissing) result.missing.push(key)
    }
    report(() => `Copied ${result.count} files, ${sizeText(result.totalBytes)}.`)
  }
  const lines = createInterface({ input: createReadStream(list), crlfDelay: Infinity })[Symbol.asyncIterator]()
  const take = async () => {
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      signal.throwIfAborted()
      await note(JSON.parse(next.value) as NamedFile)
    }
  }
  try {
    const outcomes = await Promise.allSettled(Array.from({ length: concurrency }, take))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  } finally {
    output.end()
  }
  await written
  return result
}

/** @returns undefined when the store has no such file */
async function copyOne(
  storage: Copying['storage'],
  folder: string,
  key: string,
  signal: AbortSignal,
): Promise<FileEntry | undefined> {
  const path = join(folder, partNames.filesFolder, key)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    await storage.copyTo(key, path, signal)
  } catch (error) {
    if (error instanceof FileNotStoredError) return undefined
    throw error
  }
  await flush(path)
  return { key, sizeBytes: (await stat(path)).size, sha256: await checksumOfFile(path) }
}

async function withRetries<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const delayMs of retryDelaysMs) {
    try {
      return await work()
    } catch (error) {
      // A folder says of both its own disk and that of the backup that it is unavailable; more attempts free no space.
      if (!(error instanceof StorageUnavailableError) || isFullDisk(error)) throw error
      await sleep(delayMs, undefined, { signal })
    }
  }
  return work()
}

/** Waits until a file is on the disk: a backup that looks complete must be so after a power cut. */
export async function flush(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
