import { randomUUID } from 'node:crypto'
import { close as closeDescriptor, createReadStream, createWriteStream, fstat, open as openDescriptor } from 'node:fs'
import {
  appendFile,
  constants,
  copyFile,
  mkdir,
  open,
  opendir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { FileNotStoredError, StorageUnavailableError } from './errors.ts'
import { assertKey, type LocalConfig, type StorageDriver, type StoredFile } from './storage.ts'

const retryAfterSeconds = 5

/** Creates a storage in a local folder, which may be a volume that all processes share. */
export function createLocalStorage({ localDir }: Pick<LocalConfig, 'localDir'>): StorageDriver {
  const root = resolve(localDir)
  let prepared = prepare(root)
  prepared.catch(() => {})
  /** Tests whether the prepared folder is mounted. Repeats a preparation that failed. */
  const isMounted = async () => {
    await prepared.catch(() => {
      prepared = prepare(root)
      return prepared
    })
    return (await statOrUndefined(join(root, marker))) !== undefined
  }
  const pathOf = (key: string) => {
    assertKey(key)
    return join(root, key)
  }
  /** Chooses the error for a missing file: without its folder the storage cannot know that the file is gone. */
  const missing = async () => ((await orUnavailable(isMounted)) ? new FileNotStoredError() : unmounted(root))

  return {
    async put(key, source) {
      const path = pathOf(key)
      return orUnavailable(async () => {
        if (!(await isMounted())) throw unmounted(root)
        return writeWhole(path, source)
      })
    },

    async open(key, range) {
      const path = pathOf(key)
      const fd = await orUnavailable(() => missingAsUndefined(promisify(openDescriptor)(path, 'r')))
      if (fd === undefined) throw await missing()
      return readRange(fd, range)
    },

    async copyTo(key, path) {
      const source = pathOf(key)
      const copying = () => missingAsUndefined(copyFile(source, path, constants.COPYFILE_FICLONE).then(() => true))
      if (await orUnavailable(copying)) return
      if (!(await orUnavailable(() => statOrUndefined(source)))) throw await missing()
      // The target folder is missing; copying again throws the error that says so.
      await copyFile(source, path)
    },

    async stat(key) {
      const path = pathOf(key)
      const found = await orUnavailable(() => statOrUndefined(path))
      if (!found && !(await orUnavailable(isMounted))) throw unmounted(root)
      return found?.isFile() ? { sizeBytes: found.size, modifiedAt: found.mtime } : undefined
    },

    async remove(keys) {
      const paths = keys.map(pathOf)
      await orUnavailable(async () => {
        for (const path of paths) await rm(path, { force: true })
        for (const folder of new Set(paths.map(dirname))) if (folder !== root) await removeIfEmpty(folder)
      })
    },

    list: (prefix) => walk(root, prefix),

    owner: {
      read: () =>
        orUnavailable(async () => {
          if (!(await isMounted())) throw unmounted(root)
          // Of processes that append at the same time, the first one is the owner.
          return (await readFile(join(root, marker), 'utf8')).split('\n')[0]?.trim() || undefined
        }),
      claim: (id) =>
        orUnavailable(async () => {
          if (!(await isMounted())) throw unmounted(root)
          await appendFile(join(root, marker), `${id}\n`, { flush: true })
        }),
      replace: async (id) =>
        void (await orUnavailable(() => writeWhole(join(root, marker), Readable.from([`${id}\n`])))),
    },
  }
}

/**
 * Writes a file atomically: to a temporary file beside the target, flushed to disk, then renamed. After a crash the target has the old
 * or the new content, and `list` finds a leftover temporary file.
 */
async function writeWhole(path: string, source: string | Readable): Promise<{ sizeBytes: number }> {
  const part = `${path}.${randomUUID()}.part`
  await mkdir(dirname(path), { recursive: true })
  try {
    if (typeof source === 'string') await copyFile(source, part, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    else await pipeline(source, createWriteStream(part, { flags: 'wx' }))
    const sizeBytes = await flush(part)
    await rename(part, path)
    await flush(dirname(path))
    return { sizeBytes }
  } catch (error) {
    await rm(part, { force: true }).catch(() => {})
    throw error
  }
}

async function flush(path: string): Promise<number> {
  const file = await open(path, 'r')
  try {
    await file.sync()
    return (await file.stat()).size
  } finally {
    await file.close()
  }
}

/** Streams from a file descriptor: a FileHandle of an unread stream would end the process when it is garbage-collected. */
async function readRange(fd: number, range?: { start: number; end?: number }) {
  try {
    const found = await promisify(fstat)(fd)
    if (!found.isFile()) throw new FileNotStoredError()
    const sizeBytes = found.size
    if (range && (range.start >= sizeBytes || (range.end ?? range.start) < range.start)) {
      throw new RangeError(`the file has ${sizeBytes} bytes`)
    }
    return { stream: createReadStream('', { fd, start: range?.start ?? 0, end: range?.end ?? Infinity }), sizeBytes }
  } catch (error) {
    await promisify(closeDescriptor)(fd)
    throw error
  }
}

async function* walk(root: string, prefix: string): AsyncGenerator<StoredFile> {
  const folders = [prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : '']
  if (folders[0]) assertKey(folders[0])
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await entriesOf(join(root, folder))) {
      const key = folder ? `${folder}/${entry.name}` : entry.name
      if (key.startsWith('.')) continue
      if (entry.isDirectory()) {
        if (key.startsWith(prefix) || prefix.startsWith(`${key}/`)) folders.push(key)
      } else if (key.startsWith(prefix)) {
        const found = await orUnavailable(() => statOrUndefined(join(root, key)))
        if (found) yield { key, modifiedAt: found.mtime }
      }
    }
  }
}

/** Reads a whole folder before the walk continues, so that files removed meanwhile do not disturb it. */
function entriesOf(path: string) {
  return orUnavailable(async () => {
    const folder = await missingAsUndefined(opendir(path))
    return folder ? Array.fromAsync(folder) : []
  })
}

const statOrUndefined = (path: string) => missingAsUndefined(stat(path))

/**
 * Marks the folder, so that an empty mount point is not taken for it while the volume is not mounted. Its first line is the id of the
 * installation that owns the files; earlier releases left it empty.
 */
const marker = '.muster-files'

async function prepare(root: string): Promise<void> {
  await mkdir(root, { recursive: true })
  await (await open(join(root, marker), 'a')).close()
}

const unmounted = (root: string) =>
  new StorageUnavailableError({
    retryAfterSeconds,
    cause: new Error(`${root} has no ${marker} any more: is its volume mounted?`),
  })

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error))) throw error
  }
}

async function missingAsUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

/** Converts errors of the file system to StorageUnavailableError: an operator fixes them, and a retry may succeed. */
async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (codeOf(cause) === '') throw cause
    throw new StorageUnavailableError({ retryAfterSeconds, cause })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : ''
}
