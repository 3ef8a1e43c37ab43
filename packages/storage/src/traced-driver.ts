import { span } from '@muster/tracing'
import type { StorageDriver } from './storage.ts'

/** Makes a span of each call of a driver that belongs to a trace. It ends when a stream is open, not when all of it is read. */
export function tracedDriver(driver: StorageDriver, name: string): StorageDriver {
  const options = { kind: 'client', attributes: { 'muster.storage.driver': name } } as const
  const traced =
    <A extends unknown[], R>(call: string, fn: (...args: A) => Promise<R>) =>
    (...args: A) =>
      span(`storage ${call}`, options, () => fn(...args))
  return {
    ...driver,
    put: traced('put', driver.put),
    open: traced('open', driver.open),
    copyTo: traced('copyTo', driver.copyTo),
    stat: traced('stat', driver.stat),
    remove: traced('remove', driver.remove),
  }
}
