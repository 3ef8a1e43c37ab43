import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkBackup, type Restored, restoreBackup, restoreStoppedBackup } from '@muster/backup'
import { describeRedis } from '@muster/redis'
import { createStorage, placeOf, StorageUnavailableError } from '@muster/storage'
import { counted } from '@muster/text'
import type { Result } from './command.ts'
import { findOwnHome, readAuditRings, readKeeping, readStoppedKeeping, withOwnStoppedCopy } from './environment.ts'
import { progress, rethrowCause, stopSignal } from './long-work.ts'
import type { StoppedCopy } from './stopped-copy.ts'

/** Restores a backup as a copy that is held, or only verifies it. `isWell` is false when the audit chain of the copy is broken. */
export function restore(folder: string, isCheck: boolean): Promise<Result> {
  return isCheck ? check(folder) : restoreCopy(folder)
}

async function check(folder: string): Promise<Result> {
  const signal = stopSignal('Stopped.')
  const { manifest, warnings } = await checkBackup(folder, { rings: readAuditRings(), signal, report: progress() })
  const { id, createdAt, release, files } = manifest
  return {
    data: { folder, id, createdAt, release, files: files.count, warnings },
    lines: [
      `The backup in ${folder} is whole: the database as of ${createdAt}, made by release ${release}, and ${counted(files.count, 'file')}.`,
      ...warnings,
    ],
  }
}

/** Restores into the home of `npm start` when no database is named and nothing runs there, otherwise into that of the environment. */
async function restoreCopy(folder: string): Promise<Result> {
  const startedMs = performance.now()
  const home = findOwnHome()
  const ofStopped = home && (await withOwnStoppedCopy(home, (copy) => restoreStopped(folder, home, copy)))
  const restored = ofStopped || (await restoreIntoServer(folder))
  return describe(restored, (performance.now() - startedMs) / 1_000)
}

function restoreStopped(folder: string, home: string, server: StoppedCopy): Promise<Restored> {
  if (!existsSync(join(home, 'secrets.json')))
    throw new Error(`${home} has no secrets.json. Copy that of the original into it first: a backup has no keys.`)
  const { storage, rings } = readStoppedKeeping(home)
  const { fallback: _, ...store } = storage
  return restoreStoppedBackup(folder, {
    server,
    isTaken: server.hasCluster || server.hasRedis,
    store: { storage: createStorage(store), place: placeOf(store) },
    rings,
    signal: stopSignal(stopped),
    report: progress(),
  })
}

const stopped = 'Stopped. Run the command again to continue.'

function restoreIntoServer(folder: string): Promise<Restored> {
  const { database, redis, storage, rings } = readKeeping()
  const { fallback: _, ...store } = storage
  return restoreBackup(folder, {
    database,
    redis: redis && { settings: redis, place: describeRedis(redis) },
    store: { storage: createStorage(store), place: placeOf(store) },
    rings,
    signal: stopSignal(stopped),
    report: progress(),
  }).catch((error: unknown) => {
    if (error instanceof StorageUnavailableError) rethrowCause(error)
    throw error
  })
}

function describe({ manifest, installationId, migrated, warnings, audit }: Restored, seconds: number): Result {
  const { id, createdAt, files } = manifest
  const chain = audit.isValid
    ? `The audit chain is valid: ${audit.events} events, up to the signed head of the backup.`
    : 'The audit chain is BROKEN: `muster audit verify` tells where.'
  return {
    data: {
      id,
      createdAt,
      installationId,
      files: files.count,
      migrated,
      warnings,
      audit,
      seconds: Number(seconds.toFixed(1)),
    },
    lines: [
      `Restored the backup of ${createdAt} with ${counted(files.count, 'file')} in ${seconds.toFixed(1)} s. This is the installation ${installationId} now.`,
      chain,
      ...migrated,
      ...warnings,
      'All sessions, challenges, invitations and links for new passwords have ended: everybody signs in again.',
      'The copy is held: it sends no mails and reminders, deletes no files and sweeps nothing. Start the processes, look at the copy, then run `muster release --dry-run` and `muster release`.',
    ],
    isWell: audit.isValid,
  }
}
