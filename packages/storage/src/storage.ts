import type { Readable } from 'node:stream'

/** A stored file in the result of `list`. */
export type StoredFile = { key: string; modifiedAt: Date }

/** The name of the mark of the owner in a remote store. No key begins with a dot. */
export const ownerMarkName = '.muster-installation'

/**
 * A storage of files by key. A key is a path of plain names, e.g. `attachments/<attachmentId>/optimized`.
 * Every call throws StorageUnavailableError while the storage is unreachable: the same call may succeed later.
 */
export type Storage = {
  /** Stores a copy of a file, or the bytes of a stream, atomically. Replaces the previous content of the key. */
  put(key: string, source: string | Readable): Promise<{ sizeBytes: number }>
  /**
   * Streams a file, or its bytes `start` to `end` (both included, as in HTTP).
   * @returns the stream, and the size of the whole file
   * @throws FileNotStoredError when nothing is stored under the key; RangeError when the range begins after the end
   */
  open(key: string, range?: { start: number; end?: number }): Promise<{ stream: Readable; sizeBytes: number }>
  /**
   * Copies a file to a path of this machine.
   * @param signal aborts a copy over the network
   * @throws FileNotStoredError when nothing is stored under the key
   */
  copyTo(key: string, path: string, signal: AbortSignal): Promise<void>
  /** Reads size and time of a file. @returns undefined when nothing is stored under the key */
  stat(key: string): Promise<{ sizeBytes: number; modifiedAt: Date } | undefined>
  /** Removes files. Keys without a file are ignored. */
  remove(keys: readonly string[]): Promise<void>
  /** Lists the files whose key begins with the prefix, in no order, including leftovers of an interrupted `put`. */
  list(prefix: string): AsyncIterable<StoredFile>
}

/** The mark in a store that names the installation whose files it has. */
export type OwnerMark = {
  /** Reads the id of the owner; undefined when there is none yet. */
  read(): Promise<string | undefined>
  /** Writes the id unless another one is there. The caller reads afterwards, because another process may have been first. */
  claim(id: string): Promise<void>
  /** Writes the id in place of another one. */
  replace(id: string): Promise<void>
}

export type StorageDriver = Storage & { owner: OwnerMark }

/** The store of all files, and during a move the other one; see {@link withFallback}. */
export type StorageSettings = StorageConfig & { fallback?: StorageConfig }

export type StorageConfig = LocalConfig | CloudinaryConfig | S3Config

export type LocalConfig = {
  driver: 'local'
  /** The folder of all files; created when it is missing. */
  localDir: string
}

export type CloudinaryConfig = {
  driver: 'cloudinary'
  cloudName: string
  apiKey: string
  apiSecret: string
  /** The prefix of every key. */
  folder: string
  /** The address for uploads, deletions and lists, e.g. `https://api.cloudinary.com`. */
  apiUrl: string
  /** The address for downloads, e.g. `https://res.cloudinary.com/<cloudName>`. */
  deliveryUrl: string
  signatureAlgorithm: 'sha1' | 'sha256'
}

export type S3Config = {
  driver: 's3'
  bucket: string
  region: string
  /** The address of another server than Amazon's. */
  endpoint?: string
  /** Without them, the SDK finds credentials, for example of the role of the machine. */
  credentials?: { accessKeyId: string; secretAccessKey: string }
  /** The prefix of every key. */
  prefix: string
  /** Whether addresses have the bucket in their path, and not in the name of the host. */
  forcesPathStyle: boolean
  /** `when-required` for servers that refuse checksums in requests. */
  checksums: 'when-supported' | 'when-required'
}

const keyShape = /^[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)*$/
const maxKeyLength = 512

/**
 * Checks that a key cannot leave the folder of the storage: no `..`, absolute path, backslash, control character or hidden name.
 * @throws Error for an invalid key
 */
export function assertKey(key: string): void {
  if (key.length > maxKeyLength || !keyShape.test(key)) throw new Error(`${JSON.stringify(key)} is not a storage key`)
}
