import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type StorageDriver, StorageUnavailableError } from '@muster/storage'
import { readFileList } from '../manifest/check-parts.ts'
import { type FileEntry, type Manifest, partNames } from '../manifest/manifest.ts'
import { type Progress, sizeText } from '../progress.ts'
import { restoringMark } from './check-target.ts'

type Putting = { storage: StorageDriver; signal: AbortSignal; report: Progress }

const concurrency = 4
const retryDelaysMs = [1_000, 2_000, 5_000, 10_000, 20_000]

/**
 * Stores the files of a backup under their keys. The store is marked first, so that no other installation takes it meanwhile, and an
 * interrupted restore skips what is there already.
 */
export async function putFiles(
  folder: string,
  manifest: Manifest,
  { storage, signal, report }: Putting,
): Promise<void> {
  await storage.owner.replace(restoringMark(manifest))
  const entries = readFileList(folder)
  let count = 0
  let bytes = 0
  const take = async () => {
    for (let next = await entries.next(); !next.done; next = await entries.next()) {
      signal.throwIfAborted()
      await withRetries(() => putOne(folder, next.value as FileEntry, storage), signal)
      count++
      bytes += next.value.sizeBytes
      report(() => `Stored ${count} of ${manifest.files.count} files, ${sizeText(bytes)}.`)
    }
  }
  const outcomes = await Promise.allSettled(Array.from({ length: concurrency }, take))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

async function putOne(folder: string, { key, sizeBytes }: FileEntry, storage: StorageDriver): Promise<void> {
  // A put is atomic, so a file that is there is whole.
  if ((await storage.stat(key))?.sizeBytes === sizeBytes) return
  const path = join(folder, partNames.filesFolder, key)
  const stored = await storage.put(key, createReadStream(path))
  if (stored.sizeBytes !== sizeBytes)
    throw new Error(`${key} was stored with ${stored.sizeBytes} bytes instead of ${sizeBytes}.`)
}

async function withRetries(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (const delayMs of retryDelaysMs) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StorageUnavailableError) || Object(error.cause).remedy) throw error
      await sleep(delayMs, undefined, { signal })
    }
  }
  return work()
}
