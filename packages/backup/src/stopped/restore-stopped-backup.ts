import { createDb, newId } from '@muster/db'
import { migrateToLatest } from '@muster/db/migrator'
import { sql } from 'kysely'
import { checkParts } from '../manifest/check-parts.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { readManifest } from '../manifest/read-manifest.ts'
import { BackupRefusal } from '../refusal.ts'
import { checkKeys } from '../restoring/check-keys.ts'
import { assertEmptyStore, assertKnownSchema } from '../restoring/check-target.ts'
import { putFiles } from '../restoring/put-files.ts'
import { type RestoreDeps, type Restored, verifyAudit } from '../restoring/restore-backup.ts'
import { sealSql } from '../restoring/seal-sql.ts'
import { placeDataFolder } from './data-folder.ts'
import type { StoppedServer } from './server.ts'

type StoppedDeps = Pick<RestoreDeps, 'store' | 'rings' | 'signal' | 'report'> & {
  server: StoppedServer
  /** Whether the home has the data of a copy already. */
  isTaken: boolean
}

/**
 * Restores the data folder and the files of a stopped copy into an empty home, as a copy that is held. The folder gets its name when the
 * database in it is another installation.
 * @throws BackupRefusal with what to do
 */
export async function restoreStoppedBackup(folder: string, deps: StoppedDeps): Promise<Restored> {
  const { server, store, rings } = deps
  const manifest = await readManifest(folder, rings.AUDIT_KEYS)
  assertKnownSchema(manifest)
  const warnings = checkKeys(manifest, rings)
  assertFits(manifest, deps)
  await assertEmptyStore(store.storage, store.place, manifest)
  await checkParts(folder, manifest, deps)
  const installationId = newId()
  await putFiles(folder, manifest, { ...deps, storage: store.storage })
  await placeDataFolder(folder, server.newFolder)
  const outcome = await sealRunning(manifest, installationId, deps)
  await server.adopt()
  await store.storage.owner.replace(installationId)
  return { manifest, installationId, warnings, ...outcome }
}

function assertFits({ database }: Manifest, { server, isTaken }: StoppedDeps): void {
  if (database.kind === 'dump')
    throw new BackupRefusal(
      'The backup has a dump of a database, for which Postgres must run: start one with an empty database, and name it in DATABASE_URL.',
    )
  if (database.platform !== server.platform)
    throw new BackupRefusal(
      `The backup has a data folder of ${database.platform}, and this machine is ${server.platform}.`,
    )
  if (isTaken)
    throw new BackupRefusal(
      'The copy of this folder has data already. A restore never overwrites data: set MUSTER_HOME to a folder in which only the secrets.json of the original is.',
    )
}

/** Runs the server on the new folder, and makes the database in it another installation. */
async function sealRunning(manifest: Manifest, installationId: string, deps: StoppedDeps) {
  const db = createDb({
    url: await deps.server.startNew(),
    poolMax: 2,
    applicationName: 'muster-restore',
    statementTimeoutMs: 3_600_000,
  })
  try {
    await db.connection().execute(async (connection) => {
      // Several statements without parameters are one transaction.
      await sql.raw(sealSql(manifest, installationId)).execute(connection)
    })
    const migrated = await migrateToLatest(db)
    return { migrated, audit: await verifyAudit(db, manifest, deps) }
  } finally {
    await db.destroy()
    await deps.server.stop()
  }
}
