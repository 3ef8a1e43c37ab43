import { type Manifest, notInBackup, sizeText, writeBackup } from '@muster/backup'
import { readInstallationId } from '@muster/db'
import { createTransact, noPublisher } from '@muster/jobs/outbox'
import { openStorage, StorageUnavailableError } from '@muster/storage'
import type { Result } from './command.ts'
import { readKeeping, withDb } from './environment.ts'
import { progress, rethrowCause, stopSignal } from './long-work.ts'

/** Backs up database and files into a new folder, and records that in the audit log. `isWell` is false when the store lacked a file. */
export function backUp(folder: string): Promise<Result> {
  const { database, storage: settings, rings } = readKeeping()
  const startedMs = performance.now()
  process.umask(0o077)
  return withDb(database, async (db) => {
    const storage = openStorage(settings, () => readInstallationId(db))
    const deps = { db, database, storage, auditKeys: rings.AUDIT_KEYS, signal: stopSignal(stopped), report: progress() }
    const manifest = await writeBackup(folder, deps).catch((error: unknown) => {
      if (error instanceof StorageUnavailableError) rethrowCause(error)
      throw error
    })
    const { id, installationId, files } = manifest
    await createTransact({ db, publisher: noPublisher })(async ({ audit }) => {
      const after = { by: 'operator', backupId: id, files: files.count }
      audit({
        action: 'installation.backed_up',
        actorId: null,
        targetType: 'installation',
        targetId: installationId,
        after,
      })
    })
    return describe(folder, manifest, (performance.now() - startedMs) / 1_000)
  })
}

const stopped = 'Stopped. Nothing is left of the backup.'

function describe(folder: string, manifest: Manifest, seconds: number): Result {
  const { id, createdAt, database, files, auditHead } = manifest
  const sizeBytes = database.sizeBytes + files.totalBytes
  const lost = [
    `${files.missingCount} files that the database names are missing in the store, so also in the backup:`,
    ...files.missing.slice(0, 20).map((key) => `  ${key}`),
  ]
  return {
    data: {
      folder,
      id,
      createdAt,
      sizeBytes,
      seconds: Number(seconds.toFixed(1)),
      database: database.sizeBytes,
      files: {
        count: files.count,
        totalBytes: files.totalBytes,
        missing: files.missing,
        missingCount: files.missingCount,
      },
      auditHead,
    },
    lines: [
      `The backup is in ${folder}: the database as of ${createdAt} and ${files.count} files, ${sizeText(sizeBytes)}, in ${seconds.toFixed(1)} s.`,
      ...(files.missingCount > 0 ? lost : []),
      notInBackup,
      'It has personal data in clear text: keep it where only operators can read it, and no longer than you are allowed to.',
    ],
    isWell: files.missingCount === 0,
  }
}
