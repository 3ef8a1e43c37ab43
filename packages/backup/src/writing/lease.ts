import type { Db } from '@muster/db'
import { sql } from 'kysely'
import { BackupRefusal } from '../refusal.ts'

const leaseSeconds = 60
const renewEveryMs = 10_000

/** While it is held, no process deletes files. */
export type Lease = {
  /** Aborts when the lease ended although the backup goes on: files may have been deleted since. */
  lost: AbortSignal
  release(): Promise<void>
}

/** Takes the lease of backups, of which an installation has one at a time. @throws BackupRefusal while another backup has it */
export async function takeLease(db: Db, backupId: string): Promise<Lease> {
  const isTaken = await extend(db, sql`coalesce(backup_until < clock_timestamp(), true)`, backupId)
  if (!isTaken)
    throw new BackupRefusal(
      'Another backup of this installation is being written, or was killed less than a minute ago. Wait for it, or run the command again in a minute.',
    )
  const lost = new AbortController()
  const lose = () =>
    lost.abort(
      new Error(
        'The connection to Postgres was away for too long: files may have been deleted meanwhile. Run the backup again.',
      ),
    )
  let lastMs = performance.now()
  const timer = setInterval(() => {
    extend(db, sql`backup_id = ${backupId} and backup_until > clock_timestamp()`, backupId).then(
      (isMine) => {
        if (!isMine) return lose()
        lastMs = performance.now()
      },
      () => {
        if (performance.now() - lastMs > leaseSeconds * 1_000) lose()
      },
    )
  }, renewEveryMs)
  return {
    lost: lost.signal,
    async release() {
      clearInterval(timer)
      await sql`update installation set backup_id = null, backup_until = null where backup_id = ${backupId}`.execute(db)
    },
  }
}

async function extend(db: Db, condition: ReturnType<typeof sql>, backupId: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update installation
    set backup_id = ${backupId}, backup_until = clock_timestamp() + make_interval(secs => ${leaseSeconds})
    where ${condition}`.execute(db)
  return numAffectedRows === 1n
}
