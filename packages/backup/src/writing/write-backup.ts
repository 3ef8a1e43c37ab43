import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type DatabaseSettings, type Db, directly, newId } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import type { OwnedStorage } from '@muster/storage'
import { version } from '@muster/telemetry/version'
import { type Manifest, partNames } from '../manifest/manifest.ts'
import { dumpDatabase } from '../postgres/dump.ts'
import { findPrograms } from '../postgres/programs.ts'
import type { Progress } from '../progress.ts'
import { copyNamedFiles } from './copy-files.ts'
import { type UnfinishedFolder, writeIntoFolder } from './folder.ts'
import { takeLease } from './lease.ts'
import { estimateFileBytes } from './named-files.ts'
import { describePart, namedList, writeManifest, writeNamedList } from './parts.ts'
import { recordBackup } from './record-backup.ts'
import { type Snapshot, withSnapshot } from './snapshot.ts'

export type BackupDeps = {
  /** For the lease; may lead through a pooler. */
  db: Db
  database: DatabaseSettings
  storage: OwnedStorage
  auditKeys: KeyRing
  signal: AbortSignal
  report: Progress
}

/** A dump is compressed and has no indexes; measured at an eighth to a fourth of the database. */
const dumpShare = 0.25

/**
 * Writes a backup into a new folder while the system runs: the database as of one snapshot, then every stored file that the snapshot
 * names. Deletions of files wait meanwhile, and files never change, so each of them is the one of the snapshot.
 * @throws BackupRefusal with what to do; after any failure no folder of that name is left
 */
export function writeBackup(target: string, deps: BackupDeps): Promise<Manifest> {
  return writeIntoFolder(target, async (folder) => {
    await deps.storage.verify()
    const id = newId()
    const lease = await takeLease(deps.db, id)
    const signal = AbortSignal.any([deps.signal, lease.lost])
    try {
      const manifest = await writeParts(folder, id, { ...deps, signal })
      signal.throwIfAborted()
      await writeManifest(folder, manifest, deps.auditKeys)
      await recordBackup(deps.db, id)
      await folder.finish()
      return manifest
    } finally {
      await lease.release().catch(() => {})
    }
  })
}

async function writeParts(folder: UnfinishedFolder, id: string, deps: BackupDeps): Promise<Manifest> {
  const { signal, report } = deps
  const dump = await withSnapshot(deps.database, deps.auditKeys, (snapshot) => writeDatabase(folder, snapshot, deps))
  const list = join(folder.path, namedList)
  const files = await copyNamedFiles(list, { storage: deps.storage, folder: folder.path, signal, report })
  await rm(list)
  return {
    format: 1,
    id,
    release: version,
    ...dump,
    database: { kind: 'dump', ...(await describePart(folder, partNames.database)) },
    files: { ...(await describePart(folder, partNames.files)), ...files },
  }
}

/** Writes the dump and the list of files of the snapshot. */
async function writeDatabase(folder: UnfinishedFolder, snapshot: Snapshot, { database, signal, report }: BackupDeps) {
  const { state, trx, name, databaseBytes } = snapshot
  const programs = await findPrograms(state.postgres.major)
  await folder.assertFree(databaseBytes * dumpShare + (await estimateFileBytes(trx)))
  await writeNamedList(folder, trx, signal)
  const path = join(folder.path, partNames.database)
  await dumpDatabase({ url: directly(database).url, snapshot: name, path, programs, signal, report })
  return { ...state, postgres: { ...state.postgres, dumpMajor: programs.major } }
}
