import type { PublicUser } from '@muster/client'
import type { ReactNode } from 'react'
import { useInSteps } from '../../lib/in-steps.ts'
import { type NumberedList, useNumberedPages } from '../../lib/numbered-pages.ts'
import { m } from '../../paraglide/messages.js'
import { ErrorState } from '../../ui/error-state.tsx'
import { VirtualRows } from '../../ui/virtual-rows.tsx'
import { PersonRowSkeleton } from './person-row.tsx'
import { useFollowedPresence } from './presence.ts'

/** The estimated heights of rows without and with a detail, in pixels. */
const rowHeightsPx = { short: 68, tall: 88 }

type Props<Person extends PublicUser> = {
  label: string
  list: NumberedList<Person>
  /** The rows have a `detail`. */
  hasDetail?: boolean | undefined
  /** Shows no rows yet, because something above them is being read. */
  isHeld?: boolean | undefined
  /** Stands above the list, and appears together with it, or with its error: alone it would move the place of the list. */
  before?: ReactNode
  /** Returns the row of a person. */
  children: (person: Person) => ReactNode
  /** Stands instead of a list without people. */
  empty?: ReactNode
  /** Returns what stands below, for a number of people. */
  after?: (total: number) => ReactNode
}

/** A list of people of any length, by name, with live presence. Pages are read when their rows come near. */
export function PersonList<Person extends PublicUser>({
  label,
  list,
  hasDetail,
  isHeld = false,
  before,
  children,
  empty,
  after,
}: Props<Person>) {
  const { total, itemAt, error, retry, range, setRange } = useNumberedPages(list)
  const shown = Array.from({ length: range.last - range.first + 1 }, (_, at) => itemAt(range.first + at))
  useFollowedPresence(shown.flatMap((person) => person?.id ?? []))
  const isShown = useInSteps(total !== undefined && !isHeld)
  if (total === undefined && error)
    return (
      <>
        {before}
        <ErrorState error={error} onRetry={retry} />
      </>
    )
  if (!isShown || total === undefined) return <PersonListSkeleton hasDetail={hasDetail} />
  if (total === 0)
    return (
      <>
        {before}
        {empty}
      </>
    )
  return (
    <>
      {before}
      <VirtualRows
        label={label}
        count={total}
        keyOf={(index) => itemAt(index)?.id ?? index}
        rowHeightPx={hasDetail ? rowHeightsPx.tall : rowHeightsPx.short}
        onRange={setRange}
        className="overflow-hidden rounded-xl border border-line bg-surface"
      >
        {(index) => {
          const person = itemAt(index)
          return person ? children(person) : <PersonRowSkeleton hasDetail={hasDetail} />
        }}
      </VirtualRows>
      {error && <ErrorState error={error} onRetry={retry} className="py-4" />}
      {after?.(total)}
    </>
  )
}

/** The place of a {@link PersonList} while it loads. */
export const PersonListSkeleton = ({ rows = 6, hasDetail }: { rows?: number; hasDetail?: boolean | undefined }) => (
  <div role="status" aria-label={m.ui_loading()} className="overflow-hidden rounded-xl border border-line bg-surface">
    {Array.from({ length: rows }, (_, index) => (
      <PersonRowSkeleton key={index} hasDetail={hasDetail} />
    ))}
  </div>
)
