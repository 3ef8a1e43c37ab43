import { createWriteStream } from 'node:fs'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type DatabaseSettings, type Db, directly, newId } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { checksumOfFile, type OwnedStorage } from '@muster/storage'
import { version } from '@muster/telemetry/version'
import { type Manifest, partNames } from '../manifest/manifest.ts'
import { signManifest } from '../manifest/signature.ts'
import { dumpDatabase } from '../postgres/dump.ts'
import { findPrograms } from '../postgres/programs.ts'
import type { Progress } from '../progress.ts'
import { copyNamedFiles, flush } from './copy-files.ts'
import { createFolder, type UnfinishedFolder } from './folder.ts'
import { takeLease } from './lease.ts'
import { estimateFileBytes, listNamedFiles } from './named-files.ts'
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

/** The list of files that the snapshot names; removed when they are copied. */
const namedList = 'named.jsonl'
/** A dump is compressed and has no indexes; measured at an eighth to a fourth of the database. */
const dumpShare = 0.25

/**
 * Writes a backup into a new folder while the system runs: the database as of one snapshot, then every stored file that the snapshot
 * names. Deletions of files wait meanwhile, and files never change, so each of them is the one of the snapshot.
 * @throws BackupRefusal with what to do; whatever fails, no folder of that name is left
 */
export async function writeBackup(target: string, deps: BackupDeps): Promise<Manifest> {
  const folder = await createFolder(target)
  try {
    await deps.storage.verify()
    const id = newId()
    const lease = await takeLease(deps.db, id)
    const signal = AbortSignal.any([deps.signal, lease.lost])
    try {
      const manifest = await writeParts(folder, id, { ...deps, signal })
      signal.throwIfAborted()
      await writeManifest(folder, manifest, deps.auditKeys)
      await folder.finish()
      return manifest
    } finally {
      await lease.release().catch(() => {})
    }
  } catch (error) {
    await folder.remove()
    throw error
  }
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
    database: await describePart(folder, partNames.database),
    files: { ...(await describePart(folder, partNames.files)), ...files },
  }
}

/** Writes the dump and the list of files of the snapshot. */
async function writeDatabase(folder: UnfinishedFolder, snapshot: Snapshot, { database, signal, report }: BackupDeps) {
  const { state, trx, name, databaseBytes } = snapshot
  const programs = await findPrograms(state.postgres.major)
  await folder.assertFree(databaseBytes * dumpShare + (await estimateFileBytes(trx)))
  const lines = async function* () {
    for await (const file of listNamedFiles(trx)) yield `${JSON.stringify(file)}\n`
  }
  await pipeline(Readable.from(lines()), createWriteStream(join(folder.path, namedList), { mode: 0o600 }), { signal })
  const path = join(folder.path, partNames.database)
  await dumpDatabase({ url: directly(database).url, snapshot: name, path, programs, signal, report })
  return { ...state, postgres: { ...state.postgres, dumpMajor: programs.major } }
}

async function describePart(folder: UnfinishedFolder, name: string) {
  const path = join(folder.path, name)
  await flush(path)
  return { sizeBytes: (await stat(path)).size, sha256: await checksumOfFile(path) }
}

async function writeManifest(folder: UnfinishedFolder, manifest: Manifest, ring: KeyRing): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
  const parts = { [partNames.manifest]: bytes, [partNames.signature]: `${signManifest(ring, bytes)}\n` }
  for (const [name, content] of Object.entries(parts))
    await writeFile(join(folder.path, name), content, { mode: 0o600, flush: true })
}
