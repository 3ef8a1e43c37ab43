import http from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { v2 } from 'cloudinary'
import type { CloudinaryConfig } from '../storage.ts'
import { faultOf, unavailable } from './errors.ts'

/** Limits of calls; `idleMs` limits the time without any progress. */
export type Limits = { answerMs: number; uploadMs: number; idleMs: number; listPageSize: number }

/** The kind of our files: stored unchanged, and delivered only with a signature. */
export const kind = { resource_type: 'raw', type: 'authenticated' } as const

/** Loads the SDK on first use: it reads the environment and takes some megabytes. */
export const sdk = async () => (await import('./sdk.ts')).v2

const maxConnections = 4

/**
 * Runs calls of the SDK over connections of their own and closes them afterwards, so that no call outlives its time limit.
 * @throws StorageUnavailableError after the time limit
 */
async function withConnections<T>(
  config: CloudinaryConfig,
  limitMs: number,
  work: (options: ReturnType<typeof optionsOf> & { agent: http.Agent }, cloudinary: typeof v2) => Promise<T>,
): Promise<T> {
  const { Agent } = config.apiUrl.startsWith('https:') ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections })
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(unavailable(`not done within ${limitMs} ms`)), limitMs)
  try {
    return await Promise.race([work({ ...optionsOf(config), agent }, await sdk()), promise])
  } finally {
    clearTimeout(timer)
    agent.destroy()
  }
}

const optionsOf = (config: CloudinaryConfig) => ({
  ...kind,
  cloud_name: config.cloudName,
  api_key: config.apiKey,
  api_secret: config.apiSecret,
  upload_prefix: config.apiUrl,
  signature_algorithm: config.signatureAlgorithm,
})

/** Uploads a stream. Rejects when it breaks off or Cloudinary reports another size; then no row refers to the stored bytes. */
export function upload(
  config: CloudinaryConfig,
  publicId: string,
  source: Readable,
  { uploadMs, idleMs }: Limits,
  { overwrites = true }: { overwrites?: boolean } = {},
): Promise<{ sizeBytes: number }> {
  return withConnections(config, uploadMs, async (options, { uploader }) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ bytes: number }>()
    const put = { ...options, public_id: publicId, overwrite: overwrites, invalidate: true, timeout: idleMs }
    const target = uploader.upload_stream({ ...put, disable_promises: true }, (error, stored) =>
      stored ? resolve(stored) : reject(faultOf(error)),
    )
    let sizeBytes = 0
    const counted = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        sizeBytes += chunk.length
        yield chunk
      }
    }
    // Cloudinary may refuse during the upload or after it.
    pipeline(source, counted, target).catch(reject)
    try {
      const { bytes } = await promise
      // Without overwriting, the size is that of the file that was there.
      if (overwrites && bytes !== sizeBytes) throw unavailable(`stored ${bytes} of ${sizeBytes} bytes`)
      return { sizeBytes }
    } finally {
      target.destroy()
      source.destroy()
    }
  })
}

/** Deletes files. Missing ones are ignored. */
export function destroyAll(config: CloudinaryConfig, publicIds: string[], { answerMs }: Limits): Promise<void> {
  const limitMs = answerMs * Math.ceil(publicIds.length / maxConnections)
  return withConnections(config, limitMs, async (options, { uploader }) => {
    const how = { ...options, invalidate: true, timeout: answerMs }
    const destroy = (publicId: string) => uploader.destroy(publicId, how)
    for (const { result } of await Promise.all(publicIds.map(destroy)).catch(rethrow)) {
      if (result !== 'ok' && result !== 'not found') throw unavailable(`a file was not destroyed: ${result}`)
    }
  })
}

export type ListPage = { resources: { public_id: string; created_at: string }[]; next_cursor?: string }

/** Reads a page from the list of the admin API, whose calls count against the hourly limit of the account. */
export function listPage(
  config: CloudinaryConfig,
  prefix: string,
  cursor: string | undefined,
  { answerMs, listPageSize }: Limits,
): Promise<ListPage> {
  const page = { prefix, max_results: listPageSize, next_cursor: cursor }
  return withConnections(config, answerMs, (options, { api }) => api.resources({ ...options, ...page }).catch(rethrow))
}

function rethrow(thrown: unknown): never {
  throw faultOf(thrown)
}
