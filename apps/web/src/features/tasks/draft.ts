import { MusterError, type Task, type TaskPatch } from '@muster/client'
import { useState } from 'react'
import { muster } from '../../lib/muster.ts'
import { keepTask } from './cache.ts'
import { updateTask } from './mutations.ts'

export const draftFields = ['title', 'description', 'status', 'priority', 'category', 'dueDate', 'assigneeId'] as const
export type DraftField = (typeof draftFields)[number]
export type Draft = Pick<TaskPatch, DraftField>

/** A field that both sides changed: what is typed here, and what the server has. */
export type Conflict = { field: DraftField; mine: string | null; theirs: string | null; newest: Task }

/** Returns the fields that another change set to something else than what was typed here. */
export const conflictsOf = (draft: Draft, base: Task, newest: Task): Conflict[] =>
  draftFields
    .filter((field) => field in draft && newest[field] !== base[field] && newest[field] !== draft[field])
    .map((field) => ({ field, mine: draft[field] ?? null, theirs: newest[field], newest }))

/**
 * Keeps the changes to a task that are not saved. Fields that nobody touched follow the server; a save names the version at which the first
 * field was touched, and where another change came first, fields of one side alone are joined and the others are asked about.
 */
export function useDraft(task: Task) {
  const [draft, setDraft] = useState<Draft>({})
  const [base, setBase] = useState<Task | null>(null)
  const [conflicts, setConflicts] = useState<readonly Conflict[]>([])
  const [error, setError] = useState<unknown>()
  const [isSaving, setIsSaving] = useState(false)
  const isDirty = Object.keys(draft).length > 0

  function set<Field extends DraftField>(field: Field, value: Task[Field]): void {
    const known = base ?? task
    const next: Draft = { ...draft, [field]: value }
    if (known[field] === value) delete next[field]
    setBase(Object.keys(next).length > 0 ? known : null)
    setDraft(next)
  }

  function clear(): void {
    setDraft({})
    setBase(null)
    setConflicts([])
    setError(undefined)
  }

  /** Sends the changes against a version; asks the server what came first when that is stale. */
  async function send(changes: Draft, against: Task): Promise<void> {
    if (Object.keys(changes).length === 0) return clear()
    try {
      await updateTask(against, changes)
      clear()
    } catch (reason) {
      if (!(reason instanceof MusterError && reason.code === 'STALE')) throw reason
      const newest = await muster.tasks.get(against.id)
      keepTask(newest)
      const found = conflictsOf(changes, against, newest)
      if (found.length > 0) return setConflicts(found)
      setBase(newest)
      await send(changes, newest)
    }
  }

  async function attempt(changes: Draft, against: Task): Promise<void> {
    setIsSaving(true)
    setError(undefined)
    try {
      await send(changes, against)
    } catch (reason) {
      setError(reason)
    } finally {
      setIsSaving(false)
    }
  }

  return {
    values: { ...pick(task), ...draft } as Pick<Task, DraftField>,
    isDirty,
    isSaving,
    error,
    conflicts,
    set,
    clear,
    save: () => attempt(draft, base ?? task),
    /** Goes on after the person chose: `theirs` names the fields whose own value is given up. */
    async resolve(theirs: ReadonlySet<DraftField>) {
      const newest = conflicts[0]?.newest
      if (!newest) return
      const kept = Object.fromEntries(Object.entries(draft).filter(([field]) => !theirs.has(field as DraftField)))
      setConflicts([])
      setDraft(kept)
      setBase(newest)
      await attempt(kept, newest)
    },
    postpone: () => setConflicts([]),
  }
}

const pick = (task: Task) => Object.fromEntries(draftFields.map((field) => [field, task[field]]))
