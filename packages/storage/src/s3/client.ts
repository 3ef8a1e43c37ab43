import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import type { S3Config } from '../storage.ts'
import { faultOf, unavailable } from './errors.ts'
import type * as Sdk from './sdk.ts'

/** Limits of calls; `idleMs` limits the time without any progress. */
export type Limits = { answerMs: number; uploadMs: number; idleMs: number; listPageSize: number }

export type S3Calls = {
  /** Loads the SDK on first use: it takes some megabytes. */
  sdk(): Promise<typeof Sdk>
  /**
   * Sends a command and waits for the headers of the answer.
   * @throws StorageUnavailableError; the error of the source for an upload whose source fails
   */
  send<T>(work: (client: S3Client, signal: AbortSignal) => Promise<T>, options?: Watch): Promise<T>
  /** The same without the conversion of errors. */
  sendRaw<T>(work: (client: S3Client, signal: AbortSignal) => Promise<T>, options?: Watch): Promise<T>
}

/** Limits of one call. With `progress`, the call may take until `limitMs` as long as the number keeps growing. */
export type Watch = { limitMs?: number; progress?: () => number }

const connectionTimeoutMs = 2_000
const maxAttempts = 2
const maxSockets = 32

/** Creates the calls to one bucket. The client opens connections when it needs them. */
export function s3Calls(config: S3Config, limits: Limits): S3Calls {
  let loaded: Promise<{ sdk: typeof Sdk; client: S3Client }> | undefined
  const load = () => {
    loaded ??= import('./sdk.ts').then((sdk) => ({ sdk, client: new sdk.S3Client(clientOptions(config)) }))
    return loaded
  }
  const sendRaw: S3Calls['sendRaw'] = async (work, watch = {}) => {
    const { client } = await load()
    const controller = new AbortController()
    const { promise, reject } = Promise.withResolvers<never>()
    // The SDK may wait before it notices the signal, for example for credentials.
    const stop = (reason: string) => {
      reject(unavailable(reason, 'TIMEOUT'))
      controller.abort()
    }
    const end = watchTime(limits, watch, stop)
    try {
      return await Promise.race([work(client, controller.signal), promise])
    } finally {
      end()
    }
  }
  return {
    sdk: async () => (await load()).sdk,
    sendRaw,
    async send(work, watch) {
      try {
        return await sendRaw(work, watch)
      } catch (error) {
        throw faultOf(error, config)
      }
    },
  }
}

function clientOptions(config: S3Config): S3ClientConfig {
  const checksums = config.checksums === 'when-supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED'
  return {
    region: config.region,
    ...(config.endpoint && { endpoint: config.endpoint }),
    ...(config.credentials && { credentials: config.credentials }),
    forcePathStyle: config.forcesPathStyle,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    maxAttempts,
    requestHandler: {
      connectionTimeout: connectionTimeoutMs,
      httpAgent: { keepAlive: true, maxSockets },
      httpsAgent: { keepAlive: true, maxSockets },
    },
    // The SDK writes warnings about its own versions to the console otherwise.
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  }
}

function watchTime(limits: Limits, { limitMs = limits.answerMs, progress }: Watch, stop: (reason: string) => void) {
  const timer = setTimeout(() => stop(`not done within ${limitMs} ms`), limitMs)
  let before = -1
  const check = () => {
    const now = progress?.() ?? 0
    if (now === before) stop(`no progress for ${limits.idleMs} ms`)
    before = now
  }
  const interval = progress && setInterval(check, limits.idleMs)
  return () => {
    clearTimeout(timer)
    clearInterval(interval)
  }
}
