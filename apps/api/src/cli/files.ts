import { readInstallationId } from '@muster/db'
import { createTransact, noPublisher } from '@muster/jobs/outbox'
import {
  type Comparison,
  type CopyCounts,
  compareFiles,
  copyFiles,
  createStorage,
  type OwnedStorage,
  openStorage,
  placeOf,
} from '@muster/storage'
import { type StorageDriverName, storageDrivers } from '@muster/storage/config'
import { counted } from '@muster/text'
import { z } from 'zod'
import type { Result } from './command.ts'
import { checked, readStores, withDb } from './environment.ts'
import { type Progress, progress, rethrowCause, stopSignal } from './long-work.ts'
import { confirmTakeOver } from './take-over.ts'

type Options = Readonly<Record<string, string | undefined>>

const shownKeys = 20
const driverName = z.enum(storageDrivers, `is not one of ${storageDrivers.join(', ')}`)
const twoStores = z
  .object({ from: driverName, to: driverName })
  .refine(({ from, to }) => from !== to, { path: ['to'], message: 'is the same store as --from' })

/** Makes this installation the owner of the configured store. When another one has it, the operator must confirm by its id. */
export function claimStore(options: Options): Promise<Result> {
  const { driver, yes } = checked(z.object({ driver: driverName.optional(), yes: z.string().optional() }), options)
  const { database, stores } = readStores((configured) => [driver ?? configured])
  const [store] = stores
  if (!store) throw new Error('There is no store.')
  return withDb(database, async (db) => {
    const id = await readInstallationId(db)
    const storage = createStorage(store)
    const { owner } = storage
    const before = (await owner.read().catch(rethrowCause)) ?? null
    const place = placeOf(store)
    if (before === id) return { data: { owner: id, before }, lines: [`${place} belongs to this installation already.`] }
    if (before !== null)
      await confirmTakeOver({ what: place, owner: before, lastSeen: await describeUse(storage), given: yes })
    await owner.replace(id).catch(rethrowCause)
    await createTransact({ db, publisher: noPublisher })(async ({ audit }) => {
      const after = { by: 'operator', owner: id, place }
      audit({
        action: 'files.claimed',
        actorId: null,
        targetType: 'installation',
        targetId: id,
        before: { owner: before },
        after,
      })
    })
    const lines = [
      before === null
        ? `${place} belongs to this installation now.`
        : `${place} belonged to another installation (${before}) and belongs to this one now. Processes of the other one stop using it within a minute.`,
    ]
    return { data: { owner: id, before }, lines }
  })
}

/** A list of all files may take hours. */
const seenFiles = 1_000

/** Tells when files were last written: a store knows nothing else of the processes that use it. */
async function describeUse(storage: Pick<OwnedStorage, 'list'>): Promise<string> {
  let newest: Date | undefined
  let count = 0
  for await (const { modifiedAt } of storage.list('')) {
    if (!newest || modifiedAt > newest) newest = modifiedAt
    if (++count === seenFiles) break
  }
  if (!newest) return 'It has no files in it.'
  const extent = count === seenFiles ? ` of the first ${seenFiles}` : ''
  return `The newest${extent} of its files is of ${newest.toISOString()}; whether its processes run is not known here.`
}

/** Copies all files from one store to another, while processes may use both. `isWell` is false when a file could not be copied. */
export function copyStore(options: Options): Promise<Result> {
  return withStores(options, async ({ from, to, signal, report, settings }) => {
    const counts = await copyFiles(from, to, { signal, onProgress: (so) => report(() => describeCopy(so)) })
    const { failed, ...numbers } = counts
    const isWell = failed.length === 0
    const next = isWell ? nextStep(settings) : 'Run the command again: what is copied is skipped.'
    const lines = [describeCopy(counts), ...shown(failed.map(({ key, reason }) => `  ${key}: ${reason}`)), next]
    return { data: { ...numbers, failed }, lines, isWell }
  })
}

/** Compares the checksums of all files of two stores. `isWell` is false when the second one lacks or differs in a file. */
export function compareStores(options: Options): Promise<Result> {
  return withStores(options, async ({ from, to, signal, report }) => {
    const result = await compareFiles(from, to, { signal, onProgress: (so) => report(() => describeComparison(so)) })
    const isWell = result.missing.length + result.different.length === 0
    const faults = [
      ...result.missing.map((key) => `  missing: ${key}`),
      ...result.different.map((key) => `  different: ${key}`),
    ]
    return { data: result, lines: [describeComparison(result), ...shown(faults)], isWell }
  })
}

type Settings = { from: StorageDriverName; to: StorageDriverName; driver: string; fallback: string | undefined }
type Stores = { from: OwnedStorage; to: OwnedStorage; signal: AbortSignal; report: Progress; settings: Settings }

/** Opens two stores, which must belong to this installation or to none. An interrupt ends `use` in order. */
function withStores(options: Options, use: (stores: Stores) => Promise<Result>): Promise<Result> {
  const drivers = checked(twoStores, options)
  const { database, stores, driver, fallback } = readStores(() => [drivers.from, drivers.to])
  return withDb(database, async (db) => {
    const [from, to] = stores.map((store) => openStorage(store, () => readInstallationId(db)))
    if (!from || !to) throw new Error('There are not two stores.')
    for (const storage of [from, to]) await storage.verify().catch(rethrowCause)
    const signal = stopSignal('Stopped. Run the command again to continue.')
    const settings = { ...drivers, driver, fallback }
    return use({ from, to, signal, report: progress(), settings }).catch(rethrowCause)
  })
}

const describeCopy = ({ copied, copiedBytes, present, gone, failed, passes }: CopyCounts) =>
  `${counted(copied, 'file')} copied and verified (${(copiedBytes / 1024 ** 2).toFixed(1)} MiB), ${present} there already, ${gone} deleted meanwhile, ${failed.length} failed; pass ${passes}.`

const describeComparison = ({ equal, missing, different }: Comparison) =>
  `Equal: ${counted(equal, 'file')}, ${missing.length} missing, ${different.length} different.`

const shown = (lines: string[]) =>
  lines.length > shownKeys ? [...lines.slice(0, shownKeys), `  and ${lines.length - shownKeys} more`] : lines

/** Tells what to deploy after a copy, by the settings that this command runs with. */
function nextStep({ from, to, driver, fallback }: Settings): string {
  if (driver === to && fallback === from)
    return `All files are in ${to}. When all processes run with these settings, start them without STORAGE_FALLBACK_DRIVER.`
  if (driver === to) return `All files are in ${to}.`
  return `New files are still written to ${driver}: start all processes with STORAGE_DRIVER=${to} and STORAGE_FALLBACK_DRIVER=${from}, then run this again.`
}
