import { randomUUID } from 'node:crypto'
import { close as closeDescriptor, createReadStream, createWriteStream, fstat, open as openDescriptor } from 'node:fs'
import { constants, copyFile, mkdir, open, opendir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { FileNotStoredError, StorageUnavailableError } from './errors.ts'
import { assertKey, type LocalConfig, type Storage, type StoredFile } from './storage.ts'

const retryAfterSeconds = 5

/** Files in a folder of this machine (or a volume that all processes share). */
export function createLocalStorage({ localDir }: Pick<LocalConfig, 'localDir'>): Storage {
  const root = resolve(localDir)
  let prepared = prepare(root)
  prepared.catch(() => {})
  /** Whether the folder is one that was prepared. One that could not be is prepared when next asked. */
  const isHere = async () => {
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
  /** Without its folder the storage can't say that a file is gone for good. */
  const missing = async () => ((await unlessAway(isHere)) ? new FileNotStoredError() : away(root))

  return {
    async put(key, source) {
      const path = pathOf(key)
      return unlessAway(async () => {
        if (!(await isHere())) throw away(root)
        return writeWhole(path, source)
      })
    },

    async open(key, range) {
      const path = pathOf(key)
      const fd = await unlessAway(() => missingAsUndefined(promisify(openDescriptor)(path, 'r')))
      if (fd === undefined) throw await missing()
      return readRange(fd, range)
    },

    async copyTo(key, path) {
      const source = pathOf(key)
      const copying = () => missingAsUndefined(copyFile(source, path, constants.COPYFILE_FICLONE).then(() => true))
      if (await unlessAway(copying)) return
      if (!(await unlessAway(() => statOrUndefined(source)))) throw await missing()
      // What was missing is the folder that the copy goes to, and this says so.
      await copyFile(source, path)
    },

    async stat(key) {
      const path = pathOf(key)
      const found = await unlessAway(() => statOrUndefined(path))
      if (!found && !(await unlessAway(isHere))) throw away(root)
      return found?.isFile() ? { sizeBytes: found.size, modifiedAt: found.mtime } : undefined
    },

    async remove(keys) {
      const paths = keys.map(pathOf)
      await unlessAway(async () => {
        for (const path of paths) await rm(path, { force: true })
        for (const folder of new Set(paths.map(dirname))) if (folder !== root) await removeIfEmpty(folder)
      })
    },

    list: (prefix) => walk(root, prefix),
  }
}

/**
 * The bytes go to a file beside the target, reach the disk, and take its name in one step: a crash leaves the old
 * content or the new one, and a leftover that `list` shows.
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

/** Over the bare descriptor: a stream that nobody reads would otherwise end the process when its FileHandle is collected. */
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
      if (key === marker) continue
      if (entry.isDirectory()) {
        if (key.startsWith(prefix) || prefix.startsWith(`${key}/`)) folders.push(key)
      } else if (key.startsWith(prefix)) {
        const found = await unlessAway(() => statOrUndefined(join(root, key)))
        if (found) yield { key, modifiedAt: found.mtime }
      }
    }
  }
}

/** A folder's content at once, so that what the caller removes meanwhile does not disturb the walk. */
function entriesOf(path: string) {
  return unlessAway(async () => {
    const folder = await missingAsUndefined(opendir(path))
    return folder ? Array.fromAsync(folder) : []
  })
}

const statOrUndefined = (path: string) => missingAsUndefined(stat(path))

/** Lies in the folder since the first process began with it, and not in what is in its place while its volume is away. */
const marker = '.muster-files'

async function prepare(root: string): Promise<void> {
  await mkdir(root, { recursive: true })
  await (await open(join(root, marker), 'a')).close()
}

const away = (root: string) =>
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

/** Whatever the file system refuses is for an operator to mend, and worth another try later. */
async function unlessAway<T>(work: () => Promise<T>): Promise<T> {
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
