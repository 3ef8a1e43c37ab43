import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { SearchX } from 'lucide-react'
import { formatInstant } from '../../lib/dates.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { Select } from '../../ui/select.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Table } from '../../ui/table.tsx'
import { OpsPage } from '../admin/ops-page.tsx'
import { bytesText } from '../attachments/bytes-text.ts'
import { organizationsQuery } from './queries.ts'
import type { OrganizationsSearch } from './search.ts'

type Props = {
  search: OrganizationsSearch
  timeZone: string
  onSearch: (search: OrganizationsSearch, isTyping?: boolean) => void
}

/** Finds organizations, for operators. */
export function OrganizationsPage({ search, timeZone, onSearch }: Props) {
  const { q, kind } = search
  return (
    <OpsPage title={m.ops_people_organizations()} description={m.ops_people_organizations_text()}>
      <search className="mb-4 flex flex-wrap items-center gap-2">
        <SearchField
          label={m.ops_people_organizations_search()}
          value={q ?? ''}
          onChange={(text) => onSearch({ ...search, q: text || undefined }, true)}
          className="w-full min-w-0 sm:w-auto sm:flex-1"
        />
        <Select
          size="sm"
          label={m.ops_people_kind()}
          value={kind ?? 'all'}
          items={[
            { value: 'all', label: m.ops_people_kind_any() },
            { value: 'shared', label: m.ops_people_kind_shared() },
            { value: 'personal', label: m.ops_people_kind_personal() },
          ]}
          onChange={(value) => onSearch({ ...search, kind: value === 'all' ? undefined : value })}
        />
      </search>
      <Found search={search} timeZone={timeZone} onAll={() => onSearch({})} />
    </OpsPage>
  )
}

function Found({ search, timeZone, onAll }: { search: OrganizationsSearch; timeZone: string; onAll: () => void }) {
  const found = useInfiniteQuery(organizationsQuery(search))
  const rows = found.data?.pages.flatMap(({ items }) => items)
  if (!rows && found.error) return <ErrorState error={found.error} onRetry={found.refetch} />
  if (!rows) return <Skeleton className="h-96 rounded-xl" />
  if (rows.length === 0)
    return (
      <EmptyState
        icon={<SearchX />}
        title={m.ops_people_no_organization_title()}
        text={m.ops_people_no_organization_text()}
        action={<Button onClick={onAll}>{m.ops_people_organizations_all()}</Button>}
      />
    )
  return (
    <>
      <Card isFlush>
        <Table
          caption={m.ops_people_organizations()}
          rows={rows}
          keyOf={({ id }) => id}
          columns={[
            {
              key: 'name',
              header: m.ops_people_name(),
              className: 'min-w-56 max-w-96',
              cell: ({ id, name, isPersonal }) => (
                <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
                  <Link
                    to="/ops/organizations/$organizationId"
                    params={{ organizationId: id }}
                    className="link min-w-0 break-words"
                  >
                    <bdi>{name}</bdi>
                  </Link>
                  {isPersonal && <Badge>{m.ops_people_personal()}</Badge>}
                </span>
              ),
            },
            {
              key: 'members',
              header: m.ops_people_members(),
              isNumeric: true,
              cell: ({ memberCount }) => formatNumber(memberCount),
            },
            {
              key: 'storage',
              header: m.ops_people_storage(),
              isNumeric: true,
              className: 'whitespace-nowrap',
              cell: ({ usedBytes }) => bytesText(usedBytes),
            },
            {
              key: 'invitations',
              header: m.ops_people_open_invitations(),
              isNumeric: true,
              cell: ({ openInvitations }) => formatNumber(openInvitations),
            },
            {
              key: 'since',
              header: m.ops_people_since(),
              className: 'whitespace-nowrap',
              cell: ({ createdAt }) => formatInstant(createdAt, { timeZone, dateStyle: 'medium' }),
            },
          ]}
        />
      </Card>
      <LoadMore
        hasMore={found.hasNextPage}
        isLoading={found.isFetchingNextPage}
        onLoadMore={() => void found.fetchNextPage()}
      />
    </>
  )
}
