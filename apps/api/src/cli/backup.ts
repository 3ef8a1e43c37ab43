import {
  type Manifest,
  MissingProgramsRefusal,
  notInBackup,
  sizeText,
  writeBackup,
  writeStoppedBackup,
} from '@muster/backup'
import { readInstallationId } from '@muster/db'
import { openStorage, StorageUnavailableError } from '@muster/storage'
import { counted } from '@muster/text'
import type { Result } from './command.ts'
import { findOwnHome, readKeeping, readStoppedKeeping, withDb, withOwnStoppedCopy } from './environment.ts'
import { progress, rethrowCause, stopSignal } from './long-work.ts'
import type { StoppedCopy } from './stopped-copy.ts'

/**
 * Backs up database and files into a new folder. The copy that `npm start` runs is backed up like any other, and while it is stopped by its
 * data folder. `isWell` is false when the store lacked a file.
 */
export async function backUp(folder: string): Promise<Result> {
  const umask = process.umask(0o077)
  try {
    const startedMs = performance.now()
    const home = findOwnHome()
    const ofStopped = home && (await withOwnStoppedCopy(home, (copy) => backUpStopped(folder, home, copy)))
    const manifest = ofStopped || (await backUpRunning(folder, home !== undefined))
    return describe(folder, manifest, (performance.now() - startedMs) / 1_000)
  } finally {
    process.umask(umask)
  }
}

const toldCause = (error: unknown): never =>
  error instanceof StorageUnavailableError ? rethrowCause(error) : raise(error)
const raise = (error: unknown): never => {
  throw error
}

function backUpRunning(folder: string, isOwnCopy: boolean): Promise<Manifest> {
  const { database, storage: settings, rings } = readKeeping()
  return withDb(database, async (db) => {
    const storage = openStorage(settings, () => readInstallationId(db))
    const deps = { db, database, storage, auditKeys: rings.AUDIT_KEYS, signal: stopSignal(stopped), report: progress() }
    return writeBackup(folder, deps).catch((error: unknown) => {
      if (isOwnCopy && error instanceof MissingProgramsRefusal)
        throw new Error(
          `${error.message} Or stop \`npm start\` and run the command again: then it copies the data folder.`,
        )
      return toldCause(error)
    })
  })
}

async function backUpStopped(folder: string, home: string, copy: StoppedCopy): Promise<Manifest> {
  if (!copy.hasCluster)
    throw new Error(`There is nothing to back up: ${home} has no database, and DATABASE_URL is not set.`)
  const { storage, rings } = readStoppedKeeping(home)
  const deps = { server: copy, storage, auditKeys: rings.AUDIT_KEYS, signal: stopSignal(stopped), report: progress() }
  return writeStoppedBackup(folder, deps).catch(toldCause)
}

const stopped = 'Stopped. Nothing is left of the backup.'

function describe(folder: string, manifest: Manifest, seconds: number): Result {
  const { id, createdAt, database, files, auditHead } = manifest
  const databaseBytes = database.kind === 'dump' ? database.sizeBytes : database.totalBytes
  const sizeBytes = databaseBytes + files.totalBytes
  const lost = [
    `Missing in the store, so also in the backup: ${counted(files.missingCount, 'file')} that the database names:`,
    ...files.missing.slice(0, 20).map((key) => `  ${key}`),
  ]
  return {
    data: {
      folder,
      id,
      createdAt,
      sizeBytes,
      seconds: Number(seconds.toFixed(1)),
      database: { kind: database.kind, sizeBytes: databaseBytes },
      files: {
        count: files.count,
        totalBytes: files.totalBytes,
        missing: files.missing,
        missingCount: files.missingCount,
      },
      auditHead,
    },
    lines: [
      `The backup is in ${folder}: the database as of ${createdAt} and ${counted(files.count, 'file')}, ${sizeText(sizeBytes)}, in ${seconds.toFixed(1)} s.`,
      ...(files.missingCount > 0 ? lost : []),
      notInBackup,
      'It has personal data in clear text: keep it where only operators can read it, and no longer than you are allowed to.',
    ],
    isWell: files.missingCount === 0,
  }
}
