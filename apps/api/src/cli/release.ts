import { type DropMails, planRelease, type ReleasePlan, releaseHold } from '@muster/backup'
import { DomainError } from '@muster/errors'
import { counted } from '@muster/text'
import type { Result } from './command.ts'
import { readDatabase, withDb } from './environment.ts'

/** Ends the hold of a restored copy, or only tells what would happen. @throws DomainError VALIDATION_FAILED for a malformed option */
export function release(dropMails: string | undefined, isDryRun: boolean): Promise<Result> {
  const drop = parseDrop(dropMails)
  return withDb(readDatabase(), async (db) => {
    const plan = await (isDryRun ? planRelease(db, drop) : releaseHold(db, drop))
    return {
      data: { ...plan, isReleased: !isDryRun },
      lines: isDryRun ? [...describe(plan), next] : [done, ...describe(plan)],
    }
  })
}

const done = 'The copy is released: what waited begins within seconds.'
const next = 'Nothing was changed. `muster release` does it.'

function parseDrop(given: string | undefined): DropMails {
  if (given === undefined || given === 'before-backup') return given
  const hours = Number(/^(\d{1,6})h$/.exec(given)?.[1] ?? Number.NaN)
  if (Number.isNaN(hours))
    throw new DomainError('VALIDATION_FAILED', {
      message:
        '--drop-mails: write before-backup, or hours as in 24h: mails that were enqueued longer ago are dropped.',
    })
  return { olderThanHours: hours }
}

function describe({ heldAt, backupAt, mails, reminders, digests, jobs }: ReleasePlan): string[] {
  const others = Object.entries(jobs).map(([name, count]) => `${name} ${count}`)
  return [
    `Held since ${heldAt.toISOString()}, with the data of ${backupAt.toISOString()}.`,
    `mails: ${mails.waiting - mails.toDrop} are sent, ${mails.toDrop} dropped. ${mails.beforeBackup} of them were enqueued before the backup: the original has most likely sent them; \`--drop-mails before-backup\` drops them.`,
    `reminders: ${reminders.late} of the last 24 hours are sent late, ${reminders.missed} older ones are marked as missed`,
    `morning digests: ${counted(digests, 'user')} with one due; those of the last 12 hours are sent, older ones are recorded as missed`,
    `jobs: ${others.length > 0 ? others.join(', ') : 'none'}`,
    'File deletions and the nightly sweeps go on, with the retention periods of this environment.',
  ]
}
