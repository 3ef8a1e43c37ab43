import type { ReactNode } from 'react'
import { useNumberedPages } from '../../lib/numbered-pages.ts'
import { m } from '../../paraglide/messages.js'
import { ErrorState } from '../../ui/error-state.tsx'
import { VirtualRows } from '../../ui/virtual-rows.tsx'
import { PersonListSkeleton } from '../accounts/person-list.tsx'
import { PersonRowSkeleton } from '../accounts/person-row.tsx'
import { usersList } from './queries.ts'
import { UserRow } from './user-row.tsx'

const rowHeightPx = 88
/** Numbered pages end here. */
const lastRow = 10_000

type Props = { filters: Parameters<typeof usersList>[0]; empty: ReactNode }

/** The users who match the filters, as far as numbered pages reach. */
export function UserList({ filters, empty }: Props) {
  const { total, itemAt, error, retry, setRange } = useNumberedPages(usersList(filters))
  if (total === undefined && error) return <ErrorState error={error} onRetry={retry} />
  if (total === undefined) return <PersonListSkeleton hasDetail />
  if (total === 0) return empty
  return (
    <>
      <p role="status" className="mb-3 text-[0.9375rem] text-ink-3">
        {total > lastRow ? m.ops_people_many_found() : m.ops_people_found({ count: total })}
      </p>
      <VirtualRows
        label={m.ops_people_title()}
        count={Math.min(total, lastRow)}
        keyOf={(index) => itemAt(index)?.id ?? index}
        rowHeightPx={rowHeightPx}
        onRange={setRange}
        className="overflow-hidden rounded-xl border border-line bg-surface"
      >
        {(index) => {
          const user = itemAt(index)
          return user ? <UserRow user={user} /> : <PersonRowSkeleton hasDetail />
        }}
      </VirtualRows>
      {error && <ErrorState error={error} onRetry={retry} className="py-4" />}
    </>
  )
}
