import { FileNotStoredError } from '../errors.ts'
import type { Storage } from '../storage.ts'
import { checksumOf } from './checksum.ts'
import { forEachFile } from './for-each-file.ts'

export type Comparison = { equal: number; missing: string[]; different: string[] }

/** Reads every file of a store, and the one with the same key in another store, and compares their checksums. */
export async function compareFiles(
  from: Storage,
  to: Storage,
  { concurrency = 4, signal = new AbortController().signal, onProgress = (_: Comparison) => {} } = {},
): Promise<Comparison> {
  const result: Comparison = { equal: 0, missing: [], different: [] }
  await forEachFile(from, { concurrency, signal }, async (key) => {
    const [expected, found] = await Promise.all([read(from, key), read(to, key)])
    if (expected === found) result.equal++
    // A file that the first store has no more was deleted meanwhile.
    else if (await from.stat(key)) (found === undefined ? result.missing : result.different).push(key)
    onProgress(result)
  })
  return result
}

async function read(storage: Storage, key: string): Promise<string | undefined> {
  try {
    return await checksumOf((await storage.open(key)).stream)
  } catch (error) {
    if (error instanceof FileNotStoredError) return undefined
    throw error
  }
}
