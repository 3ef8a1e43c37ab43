import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createDb, newId, readInstallationId } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { openStorage, type StorageSettings } from '@muster/storage'
import { version } from '@muster/telemetry/version'
import { type Manifest, partNames } from '../manifest/manifest.ts'
import type { Progress } from '../progress.ts'
import { copyNamedFiles } from '../writing/copy-files.ts'
import { type UnfinishedFolder, writeIntoFolder } from '../writing/folder.ts'
import { describePart, namedList, writeManifest, writeNamedList } from '../writing/parts.ts'
import { recordBackup } from '../writing/record-backup.ts'
import { withSnapshot } from '../writing/snapshot.ts'
import { copyDataFolder } from './data-folder.ts'
import type { StoppedServer } from './server.ts'

type StoppedDeps = {
  server: StoppedServer
  storage: StorageSettings
  auditKeys: KeyRing
  signal: AbortSignal
  report: Progress
}

/**
 * Writes a backup of a copy that is stopped, from its data folder and its files. The server runs for a moment, to tell what the manifest
 * needs, and is stopped in order.
 * @throws BackupRefusal with what to do; after any failure no folder of that name is left
 */
export function writeStoppedBackup(target: string, deps: StoppedDeps): Promise<Manifest> {
  const { server, auditKeys, signal, report } = deps
  return writeIntoFolder(target, async (folder) => {
    const id = newId()
    const { state, files } = await readRunning(folder, id, deps)
    report(() => 'Copying the data folder of Postgres.')
    const totalBytes = await copyDataFolder(server.folder, folder.path)
    signal.throwIfAborted()
    const manifest: Manifest = {
      format: 1,
      id,
      release: version,
      ...state,
      postgres: { ...state.postgres, dumpMajor: null },
      database: {
        kind: 'data-folder',
        platform: server.platform,
        totalBytes,
        ...(await describePart(folder, partNames.dataList)),
      },
      files: { ...(await describePart(folder, partNames.files)), ...files },
    }
    await writeManifest(folder, manifest, auditKeys)
    await folder.finish()
    return manifest
  })
}

/** Runs the server to read what the manifest needs, copies the files that it names, and stops the server in order. */
async function readRunning(folder: UnfinishedFolder, id: string, deps: StoppedDeps) {
  const { server, auditKeys, signal, report } = deps
  const url = await server.start()
  const db = createDb({ url, poolMax: 2, applicationName: 'muster-backup' })
  try {
    const storage = openStorage(deps.storage, () => readInstallationId(db))
    await storage.verify()
    await recordBackup(db, id)
    const database = { url, poolMax: 2, pooler: 'session', directUrl: undefined } as const
    const state = await withSnapshot(database, auditKeys, async (snapshot) => {
      await folder.assertFree(snapshot.databaseBytes)
      await writeNamedList(folder, snapshot.trx, signal)
      return snapshot.state
    })
    const list = join(folder.path, namedList)
    const files = await copyNamedFiles(list, { storage, folder: folder.path, signal, report })
    await rm(list)
    return { state, files }
  } finally {
    await db.destroy()
    await server.stop()
  }
}
