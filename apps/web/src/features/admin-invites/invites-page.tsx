import type { User } from '@muster/client'
import { Mail } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { Select } from '../../ui/select.tsx'
import { OpsPage } from '../admin/ops-page.tsx'
import { inviteStatuses } from '../invites/invite-statuses.ts'
import { inviteFilters } from '../organizations/search.ts'
import { InviteList } from './invite-list.tsx'
import type { OpsInvitesSearch } from './search.ts'

type Props = {
  search: OpsInvitesSearch
  reader: User
  onSearch: (search: OpsInvitesSearch, isTyping?: boolean) => void
}

/** Finds the invitations of everybody, for operators. */
export function OpsInvitesPage({ search, reader, onSearch }: Props) {
  const { q, status = 'pending' } = search
  const filters = { ...(q && { q }), ...(status !== 'all' && { status }) }
  return (
    <OpsPage title={m.invites_invitations()} description={m.ops_people_invites_text()}>
      <search className="mb-4 flex flex-wrap items-center gap-2">
        <SearchField
          label={m.ops_people_invites_search()}
          value={q ?? ''}
          onChange={(text) => onSearch({ ...search, q: text || undefined }, true)}
          className="w-full min-w-0 sm:w-auto sm:flex-1"
        />
        <Select
          size="sm"
          label={m.invites_status()}
          value={status}
          items={inviteFilters.map((value) => ({
            value,
            label: value === 'all' ? m.invites_filter_all() : inviteStatuses[value].filter(),
          }))}
          onChange={(value) => onSearch({ ...search, status: value === 'pending' ? undefined : value })}
        />
      </search>
      <InviteList
        key={JSON.stringify(filters)}
        filters={filters}
        reader={reader}
        empty={
          <EmptyState
            icon={<Mail />}
            title={q === undefined && status === 'pending' ? m.invites_empty_title() : m.ops_people_no_invites()}
            text={m.ops_people_no_invites_text()}
            action={<Button onClick={() => onSearch({ status: 'all' })}>{m.ops_people_invites_all()}</Button>}
          />
        }
      />
    </OpsPage>
  )
}
