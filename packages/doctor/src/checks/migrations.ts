import { listChanged } from '@muster/db/checksums'
import { listMissing, listUnknown } from '@muster/db/migrator'
import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

/** Compares the migrations of the database with those of this release. */
export async function checkMigrations({ postgres }: Tools, notes: Notes): Promise<void> {
  const db = await postgres()
  const [missing, unknown, changed] = [await listMissing(db), await listUnknown(db), await listChanged(db)]
  if (missing.length > 0)
    notes.find({
      id: 'migrations-missing',
      severity: 'error',
      what: `The database lacks ${enumerate(missing)} of this release.`,
      remedy: 'Run `muster migrate` with the settings of the processes.',
    })
  if (changed.length > 0)
    notes.find({
      id: 'migrations-changed',
      severity: 'error',
      what: `The database was migrated by another source of ${enumerate(changed.map(({ name }) => name))}.`,
      remedy:
        'Run the release that migrated it, or restore a backup; docs/upgrade.md tells how migrations are told apart.',
    })
  if (unknown.length > 0)
    notes.find({
      id: 'release-older',
      severity: 'warning',
      what: `The database has ${enumerate(unknown)} of a newer release than this one.`,
      remedy: 'Run this command, and in the end all processes, with the newer release.',
    })
  if (missing.length + unknown.length + changed.length === 0) notes.fact('The schema is that of this release.')
}

const shown = 3
const enumerate = (names: readonly string[]) =>
  names.length > shown ? `${names.slice(0, shown).join(', ')} and ${names.length - shown} more` : names.join(', ')
