import type { TracingSettings } from '@muster/config'
import type { Logger } from '@muster/logger'

/** The running tracing of a process. */
export type Tracing = {
  /** Sends what is left, for at most two seconds. */
  close(): Promise<void>
}

type TracingOptions = {
  /** The process, e.g. `api`. */
  name: string
  /** Undefined when tracing is off. */
  settings: TracingSettings | undefined
  log: Logger
}

/** Tests whether a new trace of this id is recorded; undefined while tracing is off. */
let isSampled: ((traceId: string) => boolean) | undefined

/** Tests whether tracing is on in this process. */
export const isTracing = (): boolean => isSampled !== undefined

/** Tests whether a new trace of this id is recorded. */
export const mayRecord = (traceId: string): boolean => isSampled?.(traceId) ?? false

/** Starts to record and send traces. Without settings it does nothing, and the SDK is not even loaded. */
export async function startTracing({ name, settings, log }: TracingOptions): Promise<Tracing> {
  if (!settings) return { async close() {} }
  const { startSdk } = await import('./sdk.ts')
  const sdk = startSdk({ name, settings, log })
  isSampled = sdk.isSampled
  return {
    async close() {
      isSampled = undefined
      await sdk.close()
    },
  }
}
