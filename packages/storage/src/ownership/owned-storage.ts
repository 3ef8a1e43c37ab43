import type { Storage, StorageDriver } from '../storage.ts'
import { claimFiles, ForeignFilesError } from './claim-files.ts'

/** A storage that is used only while this installation owns its files. */
export type OwnedStorage = Storage & {
  /**
   * Checks that the store can be reached and belongs to this installation. A result is reused for some seconds.
   * @throws StorageUnavailableError
   */
  verify(): Promise<void>
}

type Options = {
  readInstallationId: () => Promise<string>
  /** The store, as the beginning of a sentence. */
  place: string
  /** How long a result is reused. Another installation that takes the files over is noticed after this time. */
  ownedForMs?: number
  failedForMs?: number
}

/** Wraps a driver so that no call reads, writes or lists the files of another installation. The first call claims files without owner. */
export function ownedStorage(
  driver: StorageDriver,
  { readInstallationId, place, ownedForMs = 30_000, failedForMs = 5_000 }: Options,
): OwnedStorage {
  let last: { atMs: number; error?: unknown } | undefined
  let running: Promise<void> | undefined
  let wasOwned = false

  const check = () => {
    running ??= readInstallationId()
      .then((id) => claimFiles(driver.owner, id, place))
      .then(
        () => {
          wasOwned = true
          last = { atMs: performance.now() }
        },
        (error: unknown) => {
          last = { atMs: performance.now(), error }
        },
      )
      .finally(() => {
        running = undefined
      })
    return running
  }
  const isDue = () => !last || performance.now() - last.atMs > ('error' in last ? failedForMs : ownedForMs)
  const isForeign = () => Object(last?.error).cause instanceof ForeignFilesError

  const verify = async () => {
    if (isDue()) await check()
    if (last?.error) throw last.error
  }
  /** Delays no call of a store that was owned: the call itself notices that the store is unavailable. */
  const assertOwned = async () => {
    if (!wasOwned || isForeign()) return verify()
    if (isDue()) void check()
  }
  const owned =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await assertOwned()
      return call(...args)
    }
  return {
    verify,
    put: owned(driver.put),
    open: owned(driver.open),
    copyTo: owned(driver.copyTo),
    stat: owned(driver.stat),
    remove: owned(driver.remove),
    async *list(prefix) {
      await assertOwned()
      yield* driver.list(prefix)
    },
  }
}
