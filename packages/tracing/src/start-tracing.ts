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

let isOn = false

/** Tests whether tracing is on in this process. */
export const isTracing = (): boolean => isOn

/** Starts to record and send traces. Without settings it does nothing, and the SDK is not even loaded. */
export async function startTracing({ name, settings, log }: TracingOptions): Promise<Tracing> {
  if (!settings) return { async close() {} }
  const { startSdk } = await import('./sdk.ts')
  const close = startSdk({ name, settings, log })
  isOn = true
  return {
    async close() {
      isOn = false
      await close()
    },
  }
}
