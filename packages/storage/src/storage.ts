import type { Readable } from 'node:stream'

/** A stored file as `list` finds it. */
export type StoredFile = { key: string; modifiedAt: Date }

/**
 * Where files lie. A key is a path of plain names, e.g. `attachments/<attachmentId>/optimized`.
 * Every call throws StorageUnavailableError while the storage is unreachable: the same call may succeed later.
 */
export type Storage = {
  /** Stores a copy of a file, or a stream's bytes, whole or not at all; what the key held before is replaced. */
  put(key: string, source: string | Readable): Promise<{ sizeBytes: number }>
  /**
   * Streams a file, or the bytes `start` to `end` of it (both included, as in HTTP).
   * @returns the stream, and the size of the whole file
   * @throws FileNotStoredError when nothing is stored under the key; RangeError when the range begins past the end
   */
  open(key: string, range?: { start: number; end?: number }): Promise<{ stream: Readable; sizeBytes: number }>
  /**
   * Copies a file to a path of this machine.
   * @param signal stops a copy that comes over the network
   * @throws FileNotStoredError when nothing is stored under the key
   */
  copyTo(key: string, path: string, signal: AbortSignal): Promise<void>
  /** Undefined when nothing is stored under the key. */
  stat(key: string): Promise<{ sizeBytes: number; modifiedAt: Date } | undefined>
  /** A key that holds nothing is no error. */
  remove(keys: readonly string[]): Promise<void>
  /** Everything whose key begins with the prefix, in no order; also what an interrupted `put` left behind. */
  list(prefix: string): AsyncIterable<StoredFile>
}

export type StorageConfig = LocalConfig | CloudinaryConfig

export type LocalConfig = {
  driver: 'local'
  /** The folder that holds everything; made when it is missing. */
  localDir: string
}

export type CloudinaryConfig = {
  driver: 'cloudinary'
  cloudName: string
  apiKey: string
  apiSecret: string
  /** Stands before every key. */
  folder: string
  /** Where files are uploaded, destroyed and listed, e.g. `https://api.cloudinary.com`. */
  apiUrl: string
  /** Where their bytes are fetched, e.g. `https://res.cloudinary.com/<cloudName>`. */
  deliveryUrl: string
  signatureAlgorithm: 'sha1' | 'sha256'
}

const keyShape = /^[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)*$/
const maxKeyLength = 512

/** Refuses what could leave the storage's folder: `..`, absolute paths, backslashes, control characters, hidden names. */
export function assertKey(key: string): void {
  if (key.length > maxKeyLength || !keyShape.test(key)) throw new Error(`${JSON.stringify(key)} is no storage key`)
}
