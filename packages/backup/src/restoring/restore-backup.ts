import { parseHead, verifyChain } from '@muster/audit'
import { createDb, type DatabaseSettings, type Db, directly, newId } from '@muster/db'
import { migrateToLatest } from '@muster/db/migrator'
import { limitStatements } from '@muster/db/statement-limit'
import type { Rings } from '@muster/keys'
import { claimRedis, failFastRedis, type RedisClient, type RedisSettings } from '@muster/redis'
import type { KeyRing } from '@muster/security/key-ring'
import type { StorageDriver } from '@muster/storage'
import { checkParts } from '../manifest/check-parts.ts'
import { type Manifest, partNames } from '../manifest/manifest.ts'
import { readManifest } from '../manifest/read-manifest.ts'
import { loadDump } from '../postgres/load.ts'
import { findPrograms } from '../postgres/programs.ts'
import type { Progress } from '../progress.ts'
import { BackupRefusal } from '../refusal.ts'
import { checkKeys } from './check-keys.ts'
import { assertEmptyDatabase, assertEmptyStore, assertFreeRedis, assertKnownSchema } from './check-target.ts'
import { putFiles } from './put-files.ts'
import { sealSql } from './seal-sql.ts'

export type RestoreDeps = {
  database: DatabaseSettings
  /** Without it, whose Redis the copy will use is checked when its processes start. */
  redis: { settings: RedisSettings; place: string } | undefined
  store: { storage: StorageDriver; place: string }
  rings: Rings & { AUDIT_KEYS: KeyRing }
  signal: AbortSignal
  report: Progress
}

export type Restored = {
  manifest: Manifest
  installationId: string
  migrated: string[]
  /** Sentences about what is missing or was not checked. */
  warnings: string[]
  audit: { isValid: boolean; events: number }
}

const redisPatienceMs = 3_000

/** Reads a whole backup and checks it, without restoring it. @throws BackupRefusal naming what is wrong */
export async function checkBackup(
  folder: string,
  deps: Pick<RestoreDeps, 'rings' | 'signal' | 'report'>,
): Promise<{ manifest: Manifest; warnings: string[] }> {
  const manifest = await readManifest(folder, deps.rings.AUDIT_KEYS)
  assertKnownSchema(manifest)
  const warnings = checkKeys(manifest, deps.rings)
  await checkParts(folder, manifest, deps)
  return { manifest, warnings }
}

/**
 * Restores a backup into an empty database and an empty store, as a copy that is held: another installation, whose sessions, challenges
 * and links have ended. Everything is checked before anything is written; the database is loaded in one transaction.
 * @throws BackupRefusal with what to do
 */
export async function restoreBackup(folder: string, deps: RestoreDeps): Promise<Restored> {
  const database = directly(deps.database)
  const db = createDb({ ...database, poolMax: 2, applicationName: 'muster-restore', statementTimeoutMs: 3_600_000 })
  const redis =
    deps.redis && failFastRedis(deps.redis.settings, { enableOfflineQueue: true, commandTimeout: redisPatienceMs })
  try {
    const manifest = await readManifest(folder, deps.rings.AUDIT_KEYS)
    const warnings = await checkAll(folder, manifest, { ...deps, db, client: redis })
    const installationId = newId()
    await putFiles(folder, manifest, { ...deps, storage: deps.store.storage })
    await loadDatabase(folder, manifest, installationId, { ...deps, database, db })
    await deps.store.storage.owner.replace(installationId)
    await redis
      ?.ping()
      .then(() => claimRedis(redis, installationId))
      .catch(() => {})
    deps.report(() => 'Applying the migrations that are newer than the backup.')
    const migrated = await migrateToLatest(db)
    if (deps.database.pooler === 'transaction') migrated.push(...(await limitStatements(db, deps.database)))
    return { manifest, installationId, migrated, warnings, audit: await verifyAudit(db, manifest, deps) }
  } finally {
    redis?.disconnect()
    await db.destroy()
  }
}

type Checking = RestoreDeps & { db: Db; client: RedisClient | undefined }

/** Checks backup and target before anything is written; the quick checks first. */
async function checkAll(folder: string, manifest: Manifest, deps: Checking): Promise<string[]> {
  const { db, client, store } = deps
  assertKnownSchema(manifest)
  const warnings = checkKeys(manifest, deps.rings)
  const { major } = await assertEmptyDatabase(db, manifest)
  await findPrograms(neededMajor(manifest, major))
  await assertEmptyStore(store.storage, store.place, manifest)
  const unchecked = await checkRedis(client, deps.redis?.place)
  await checkParts(folder, manifest, deps)
  return [...warnings, ...unchecked]
}

/** @throws BackupRefusal for the data folder of a stopped copy, which no other server can take */
function neededMajor({ database, postgres }: Manifest, serverMajor: number): number {
  if (database.kind === 'data-folder')
    throw new BackupRefusal(
      'The backup has the data folder of a copy that `npm start` runs. Restore it in a checkout, without DATABASE_URL and with MUSTER_HOME set to an empty folder: `npm run -s muster -- restore <folder>`.',
    )
  return Math.max(serverMajor, postgres.dumpMajor ?? 0)
}

async function checkRedis(redis: RedisClient | undefined, place = 'Redis'): Promise<string[]> {
  const later = 'Processes refuse a Redis of another installation when they start.'
  if (!redis) return [`REDIS_URL is not set, so its owner was not checked. ${later}`]
  try {
    await redis.ping()
  } catch {
    return [`${place} did not respond, so its owner was not checked. ${later}`]
  }
  await assertFreeRedis(redis, place)
  return []
}

async function loadDatabase(
  folder: string,
  manifest: Manifest,
  installationId: string,
  { database, db, signal, report }: RestoreDeps & { db: Db },
): Promise<void> {
  report(() => 'Loading the database.')
  // Asked again: reading the parts may have taken hours.
  const { major } = await assertEmptyDatabase(db, manifest)
  const programs = await findPrograms(neededMajor(manifest, major))
  const load = { url: database.url, path: `${folder}/${partNames.database}`, programs, signal }
  await loadDump(load, sealSql(manifest, installationId))
}

/** Verifies the audit chain of the copy, up to the signed head of the backup. */
export async function verifyAudit(
  db: Db,
  { auditHead }: Manifest,
  { rings, report }: Pick<RestoreDeps, 'rings' | 'report'>,
): Promise<Restored['audit']> {
  report(() => 'Verifying the audit chain.')
  const head = auditHead === null ? undefined : parseHead(auditHead)
  const { ok, checkedRows } = await verifyChain(db, rings.AUDIT_KEYS, { heads: head ? [head] : [] })
  return { isValid: ok, events: checkedRows }
}
