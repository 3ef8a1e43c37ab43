import type { Db } from '@muster/db'
import { createTransact, noPublisher } from '@muster/jobs/outbox'
import { type RawBuilder, sql } from 'kysely'
import { BackupRefusal } from '../refusal.ts'

/** The work that waits in a held copy, and begins when it is released. */
export type ReleasePlan = {
  heldAt: Date
  backupAt: Date
  mails: { waiting: number; toDrop: number; oldestAt: Date | null; beforeBackup: number }
  /** Reminders that are due: those of the last 24 hours are sent late, older ones are marked as missed. */
  reminders: { late: number; missed: number }
  digests: number
  jobs: Readonly<Record<string, number>>
}

export type DropMails = { olderThanHours: number } | 'before-backup' | undefined

/** Reads what would happen at the release. @throws BackupRefusal when this installation is not held */
export async function planRelease(db: Db, drop: DropMails): Promise<ReleasePlan> {
  const { held_at, restored_at, restored_backup_at } = await db
    .selectFrom('installation')
    .select(['held_at', 'restored_at', 'restored_backup_at'])
    .executeTakeFirstOrThrow()
  if (held_at === null) throw new BackupRefusal('This installation is not held. There is nothing to release.')
  const backupAt = restored_backup_at ?? restored_at ?? held_at
  const dropBefore = boundOf(drop, backupAt)
  const mails = await sql<ReleasePlan['mails']>`
    select count(*)::int as waiting, min(created_at) as "oldestAt",
      count(*) filter (where created_at < ${dropBefore})::int as "toDrop",
      count(*) filter (where created_at < ${backupAt})::int as "beforeBackup"
    from email_messages where status in ('queued', 'sending')`.execute(db)
  const reminders = await sql<ReleasePlan['reminders']>`
    select count(*) filter (where scheduled_at > now() - interval '24 hours')::int as late,
      count(*) filter (where scheduled_at <= now() - interval '24 hours')::int as missed
    from reminders where status = 'pending' and scheduled_at <= now()`.execute(db)
  const digests = await sql<{ count: number }>`
    select count(*)::int as count from users where is_active and next_digest_at <= now()`.execute(db)
  const jobs = await sql<{ name: string; count: number }>`
    select name, count(*)::int as count from outbox where failed_at is null group by name order by name`.execute(db)
  return {
    heldAt: held_at,
    backupAt,
    mails: mails.rows[0] as ReleasePlan['mails'],
    reminders: reminders.rows[0] as ReleasePlan['reminders'],
    digests: digests.rows[0]?.count ?? 0,
    jobs: Object.fromEntries(jobs.rows.map(({ name, count }) => [name, count])),
  }
}

/**
 * Ends the hold: every process notices within a second and does what waits. Drops the mails that the operator does not want to send.
 * @returns what waited, as it was planned
 * @throws BackupRefusal when this installation is not held
 */
export async function releaseHold(db: Db, drop: DropMails): Promise<ReleasePlan> {
  const plan = await planRelease(db, drop)
  const dropBefore = boundOf(drop, plan.backupAt)
  return createTransact({ db, publisher: noPublisher })(async ({ trx, audit }) => {
    const { id, held_at } = await trx
      .selectFrom('installation')
      .select(['id', 'held_at'])
      .forUpdate()
      .executeTakeFirstOrThrow()
    if (held_at === null) throw new BackupRefusal('Another command has just released this installation.')
    const { numUpdatedRows } = await trx
      .updateTable('email_messages')
      .set({
        status: 'dropped',
        error: 'dropped at the release of a restored copy',
        next_attempt_at: null,
        lease_token: null,
        lease_until: null,
      })
      .where('status', 'in', ['queued', 'sending'])
      .where('created_at', '<', dropBefore)
      .executeTakeFirst()
    await trx.updateTable('installation').set({ held_at: null }).execute()
    const mails = { ...plan.mails, toDrop: Number(numUpdatedRows) }
    const after = { by: 'operator', droppedMails: mails.toDrop, waitingMails: mails.waiting }
    audit({ action: 'installation.released', actorId: null, targetType: 'installation', targetId: id, after })
    return { ...plan, mails }
  })
}

/** Mails that were enqueued before this time are dropped. */
function boundOf(drop: DropMails, backupAt: Date): RawBuilder<Date> {
  if (drop === undefined) return sql`'-infinity'::timestamptz`
  if (drop === 'before-backup') return sql`${backupAt}::timestamptz`
  return sql`now() - make_interval(hours => ${drop.olderThanHours})`
}
