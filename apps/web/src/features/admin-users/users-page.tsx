import { SearchX } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { Select } from '../../ui/select.tsx'
import { OpsPage } from '../admin/ops-page.tsx'
import { roleName } from '../invites/roles.ts'
import { type UsersSearch, userRoles } from './search.ts'
import { UserList } from './user-list.tsx'

type Props = { search: UsersSearch; onSearch: (search: UsersSearch, isTyping?: boolean) => void }

/** Finds people, for operators. */
export function UsersPage({ search, onSearch }: Props) {
  const { q, role, state } = search
  const filters = { ...(q && { q }), ...(role && { role }), ...(state && { isActive: state === 'active' }) }
  return (
    <OpsPage title={m.ops_people_title()} description={m.ops_people_text()}>
      <search className="mb-4 flex flex-wrap items-center gap-2">
        <SearchField
          label={m.ops_people_search()}
          value={q ?? ''}
          onChange={(text) => onSearch({ ...search, q: text || undefined }, true)}
          className="w-full min-w-0 sm:w-auto sm:flex-1"
        />
        <Select
          size="sm"
          label={m.ops_people_role()}
          value={role ?? 'all'}
          items={[
            { value: 'all', label: m.ops_people_role_any() },
            ...userRoles.map((value) => ({ value, label: roleName(value) })),
          ]}
          onChange={(value) => onSearch({ ...search, role: value === 'all' ? undefined : value })}
        />
        <Select
          size="sm"
          label={m.ops_people_state()}
          value={state ?? 'all'}
          items={[
            { value: 'all', label: m.ops_people_state_any() },
            { value: 'active', label: m.ops_people_active() },
            { value: 'inactive', label: m.ops_people_inactive() },
          ]}
          onChange={(value) => onSearch({ ...search, state: value === 'all' ? undefined : value })}
        />
      </search>
      <UserList
        key={JSON.stringify(filters)}
        filters={filters}
        empty={
          <EmptyState
            icon={<SearchX />}
            title={m.ops_people_none_title()}
            text={m.ops_people_none_text()}
            action={<Button onClick={() => onSearch({})}>{m.ops_people_show_all()}</Button>}
          />
        }
      />
    </OpsPage>
  )
}
