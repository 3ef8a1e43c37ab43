import type { Deps } from '../deps.ts'
import { type DueRow, readDue } from './due.queries.ts'

export type DueKind = keyof DueRow

const dueKinds = ['reminders', 'digests', 'upcoming', 'overdue'] as const satisfies DueKind[]

/** Finds the kinds of work that are due now, in the order in which they are claimed. */
export async function findDue({ db, clock }: Pick<Deps, 'db' | 'clock'>): Promise<DueKind[]> {
  const due = await readDue(db, clock.now())
  return dueKinds.filter((kind) => due?.[kind])
}
