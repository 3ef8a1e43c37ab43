import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FileNotStoredError, StorageUnavailableError } from '../errors.ts'
import type { Storage } from '../storage.ts'
import { checksumOf, checksumOfFile } from './checksum.ts'
import { forEachFile } from './for-each-file.ts'

export type CopyCounts = {
  copied: number
  copiedBytes: number
  /** Files that the target had already. */
  present: number
  /** Files that were deleted while they were copied. */
  gone: number
  /** The keys that could not be copied, each with the reason. */
  failed: { key: string; reason: string }[]
  passes: number
}

type Options = {
  concurrency?: number
  signal?: AbortSignal
  /** Called after each file, with counts that go on changing. */
  onProgress?: (counts: CopyCounts) => void
  /** Pauses before further attempts while a store is unavailable. */
  retryDelaysMs?: readonly number[]
}

const defaultRetryDelaysMs = [1_000, 2_000, 5_000, 10_000, 20_000]
/** A store in use always has a few new files; the last pass of an operator finds none. */
const maxPasses = 5
const maxAttempts = 3

/**
 * Copies all files to another store, while both may be in use, and reads each copy back to compare its checksum. Files that are there
 * already are skipped, so it can be repeated. Passes follow until one finds nothing to copy. A file that is deleted in `from` meanwhile does
 * not stay in `to`.
 * @throws StorageUnavailableError when a store stays unavailable; the reason of the signal
 */
export async function copyFiles(from: Storage, to: Storage, options: Options = {}): Promise<CopyCounts> {
  const { concurrency = 4, signal = new AbortController().signal, onProgress } = options
  const counts: CopyCounts = { copied: 0, copiedBytes: 0, present: 0, gone: 0, failed: [], passes: 0 }
  const folder = await mkdtemp(join(tmpdir(), 'muster-copy-'))
  const copyOne = async (key: string) => {
    const path = join(folder, key.replaceAll('/', '+').slice(-200))
    const outcome = await copyWithRetries({ from, to, key, path, signal }, options.retryDelaysMs)
    if (typeof outcome === 'number') counts.copiedBytes += outcome
    counts[typeof outcome === 'number' ? 'copied' : outcome]++
  }
  try {
    for (let before = -1; counts.passes < maxPasses && counts.copied + counts.failed.length > before; ) {
      before = counts.copied + counts.failed.length
      Object.assign(counts, { passes: counts.passes + 1, present: 0, failed: [] })
      await forEachFile(from, { concurrency, signal }, async (key) => {
        await copyOne(key).catch((error: unknown) => {
          if (signal.aborted || error instanceof StorageUnavailableError) throw error
          counts.failed.push({ key, reason: error instanceof Error ? error.message : String(error) })
        })
        onProgress?.(counts)
      })
      if (counts.failed.length > 0) break
    }
    return counts
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type One = { from: Storage; to: Storage; key: string; path: string; signal: AbortSignal }
/** The number of copied bytes, or why nothing was copied. */
type Outcome = number | 'present' | 'gone'

async function copyWithRetries(one: One, delaysMs: readonly number[] = defaultRetryDelaysMs): Promise<Outcome> {
  for (const delayMs of delaysMs) {
    try {
      return await copyOnce(one)
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error
      await sleep(delayMs, undefined, { signal: one.signal })
    }
  }
  return copyOnce(one)
}

async function copyOnce({ from, to, key, path, signal }: One): Promise<Outcome> {
  const [source, target] = await Promise.all([from.stat(key), to.stat(key)])
  if (!source) return 'gone'
  // A copy is whole or not there, so a later one with another size was written by a process that uses the target.
  if (target && (target.sizeBytes === source.sizeBytes || target.modifiedAt >= source.modifiedAt)) return 'present'
  try {
    const sizeBytes = await copyVerified({ from, to, key, path, signal })
    if (await from.stat(key)) return sizeBytes
  } catch (error) {
    if (!(error instanceof FileNotStoredError)) throw error
  } finally {
    await rm(path, { force: true })
  }
  // Deleted meanwhile: who deleted it may have found nothing in the target yet.
  await to.remove([key])
  return 'gone'
}

/** @throws FileNotStoredError when the file was deleted meanwhile; Error when the copy keeps differing */
async function copyVerified({ from, to, key, path, signal }: One): Promise<number> {
  await from.copyTo(key, path, signal)
  const expected = await checksumOfFile(path)
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const { sizeBytes } = await to.put(key, path)
    const { stream } = await to.open(key)
    if ((await checksumOf(stream)) === expected) return sizeBytes
  }
  throw new Error('the copy differs from the file, also after further attempts')
}
