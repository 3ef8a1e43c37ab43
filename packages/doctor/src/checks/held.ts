import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

/** Tells whether this is a restored copy that is held, or one whose backup holds file deletions back. */
export async function checkHeld({ postgres }: Tools, notes: Notes): Promise<void> {
  const db = await postgres()
  const row = await db.selectFrom('installation').selectAll().executeTakeFirstOrThrow()
  if (row.restored_at) notes.fact(`Restored from a backup at ${row.restored_at.toISOString()}.`)
  if (!row.held_at) return notes.fact('It is not held.')
  notes.find({
    id: 'held',
    severity: 'warning',
    what: `This is a restored copy that is held since ${row.held_at.toISOString()}: it sends no mail and no push, deletes no files and sweeps nothing.`,
    remedy: 'Run `muster release` when this copy takes the place of the original; see docs/backup.md.',
  })
}
