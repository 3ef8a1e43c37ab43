import { sql } from 'kysely'
import type { Db } from './types.ts'

/** The states in which work waits: the operator holds the copy, or a backup is being written. */
export type Hold = {
  /** When a restore began to hold this installation: no mail, no deletion and no sweep until `muster release`. Null when it is not held. */
  heldAt: Date | null
  /** Whether a backup is being written: no file is deleted until it is done. */
  isBackupRunning: boolean
}

/** Reads what waits in this installation. */
export async function readHold(db: Db): Promise<Hold> {
  return db
    .selectFrom('installation')
    .select(['held_at as heldAt', sql<boolean>`coalesce(backup_until > now(), false)`.as('isBackupRunning')])
    .executeTakeFirstOrThrow()
}
