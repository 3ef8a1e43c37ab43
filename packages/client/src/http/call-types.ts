import type { Attachment, Pagination } from '../generated/schemas.gen.ts'

/** Options of every method. */
export type CallOptions = {
  /** Ends the call, also while it waits before a retry: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined
  /** Upper bound for each attempt; 30 s by default, 5 min for uploads. */
  timeoutMs?: number | undefined
  /** A key of your own for a POST that takes one; by default each call has a random key, which its retries repeat. */
  idempotencyKey?: string | undefined
  /** The `ETag` to change; by default the newest that this client has seen of the resource. `false` changes any version. */
  ifMatch?: string | false | undefined
  /** How often the call may be sent, the first time included; 4 by default. 1 turns retries off. */
  maxAttempts?: number | undefined
}

/** Options of methods that read a file. */
export type ReadOptions = CallOptions & {
  /** One range of bytes, such as `bytes=0-1023`. */
  range?: string | undefined
}

export type UploadProgress = { sentBytes: number; totalBytes: number }

export type UploadOptions = CallOptions & {
  /** Is called while the bytes are sent; a retry begins again at 0. */
  onProgress?: ((progress: UploadProgress) => void) | undefined
}

/** A file of a form or of Node's `fs.openAsBlob`, or bytes with a name. The server decides by name and content what it is. */
export type FileInput = File | { name: string; data: Blob | ArrayBuffer | Uint8Array<ArrayBuffer> }
export type FilesInput = FileInput | readonly FileInput[]

/** One page of a list. */
export type Page<T> = {
  items: T[]
  pagination: Pagination
  /** Reads the following page; undefined after the last one. */
  next(): Promise<Page<T> | undefined>
}

/** A list: `await` reads its first page, `for await` reads all items, page after page. */
export interface Pages<T> extends PromiseLike<Page<T>>, AsyncIterable<T> {
  /** Iterates over the pages instead of the items. */
  pages(): AsyncIterable<Page<T>>
  /** Reads items until the end of the list, or until there are `max`. */
  toArray(options?: { max?: number | undefined }): Promise<T[]>
}

export type WaitOptions = { signal?: AbortSignal | undefined; timeoutMs?: number | undefined }

/** The common fields of files of tasks and of chats. */
export type UploadedFile = Omit<Attachment, 'taskId'>

/** An upload: `await` tells when the server has the files, `waitUntilReady()` when it has processed them too. */
export interface PendingUpload<File extends UploadedFile> extends Promise<File[]> {
  /**
   * Waits until every file can be shown.
   * @throws MusterError `ATTACHMENT_FAILED` with the server's reason when one cannot
   */
  waitUntilReady(options?: WaitOptions): Promise<File[]>
}
