import { useState } from 'react'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import type { Conflict, DraftField } from './draft.ts'

type Props = {
  conflicts: readonly Conflict[]
  labelOf: (field: DraftField) => string
  textOf: (field: DraftField, value: string | null) => string
  onResolve: (theirs: ReadonlySet<DraftField>) => void
  onPostpone: () => void
}

/** Shows what both sides changed, field by field, to choose from. What was typed stays until a choice is made. */
export default function MergeView({ conflicts, labelOf, textOf, onResolve, onPostpone }: Props) {
  const [theirs, setTheirs] = useState<ReadonlySet<DraftField>>(new Set())
  const choose = (field: DraftField, isTheirs: boolean) => {
    const next = new Set(theirs)
    if (isTheirs) next.add(field)
    else next.delete(field)
    setTheirs(next)
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onPostpone()}
      size="lg"
      isAlert
      title={m.tasks_merge_title()}
      description={m.tasks_merge_text()}
      footer={
        <>
          <Button onClick={onPostpone}>{m.tasks_merge_later()}</Button>
          <Button variant="primary" onClick={() => onResolve(theirs)}>
            {m.tasks_merge_save()}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-5">
        {conflicts.map(({ field, mine, theirs: other }) => (
          <fieldset key={field}>
            <legend className="mb-2 font-medium">{labelOf(field)}</legend>
            <div className="grid gap-2 sm:grid-cols-2">
              {[false, true].map((isTheirs) => (
                <label
                  key={String(isTheirs)}
                  className="flex items-start gap-2.5 rounded-lg border border-line p-3 has-checked:border-accent has-checked:bg-accent-soft"
                >
                  <input
                    type="radio"
                    name={`merge-${field}`}
                    checked={theirs.has(field) === isTheirs}
                    onChange={() => choose(field, isTheirs)}
                    className="mt-1 size-4 accent-accent"
                  />
                  <span className="min-w-0">
                    <span className="block text-sm text-ink-3">
                      {isTheirs ? m.tasks_merge_theirs() : m.tasks_merge_mine()}
                    </span>
                    <span dir="auto" className="block max-h-48 overflow-y-auto break-words whitespace-pre-wrap">
                      {textOf(field, isTheirs ? other : mine)}
                    </span>
                  </span>
                </label>
              ))}
            </div>
          </fieldset>
        ))}
      </div>
    </Dialog>
  )
}
