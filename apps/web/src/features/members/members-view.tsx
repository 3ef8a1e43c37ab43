import type { Organization, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { SearchX } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { Select } from '../../ui/select.tsx'
import { PersonList } from '../accounts/person-list.tsx'
import { OpenInvites } from '../invites/open-invites.tsx'
import { openInvitesQuery } from '../invites/queries.ts'
import type { OrganizationSearch } from '../organizations/search.ts'
import { MemberRow } from './member-row.tsx'
import { firstMembersQuery, membersList } from './queries.ts'

type Props = {
  search: OrganizationSearch
  user: User
  organization: Organization
  onSearch: (search: OrganizationSearch, isTyping?: boolean) => void
  onInvite: () => void
}

/** The members of the organization, with their roles and states. */
export function MembersView({ search, user, organization, onSearch, onInvite }: Props) {
  const { q, role } = search
  const isAdmin = user.role === 'client_admin'
  const requiresFactor = organization.twoFactorMethod !== 'none'
  const lacking = useQuery({
    ...firstMembersQuery({ lacksRequiredFactor: true }, 1),
    enabled: isAdmin && requiresFactor,
  })
  const lackingCount = isAdmin && requiresFactor ? (lacking.data?.total ?? 0) : 0
  const isLacking = isAdmin && search.lacking === true
  const isFiltered = q !== undefined || role !== undefined || isLacking
  const hasInvites = isAdmin && !isFiltered
  const invites = useQuery({ ...openInvitesQuery, enabled: hasInvites })
  const filters = { ...(q && { q }), ...(role && { role }), ...(isLacking && { lacksRequiredFactor: true }) }
  return (
    <>
      <search className="mb-4 flex flex-wrap items-center gap-2">
        <SearchField
          label={m.members_search()}
          value={q ?? ''}
          onChange={(text) => onSearch({ ...search, q: text || undefined }, true)}
          className="w-full min-w-0 sm:w-auto sm:flex-1"
        />
        <Select
          size="sm"
          label={m.members_role()}
          value={role ?? 'all'}
          items={[
            { value: 'all', label: m.members_role_any() },
            { value: 'client_admin', label: m.members_role_admins() },
            { value: 'client_user', label: m.members_role_users() },
          ]}
          onChange={(value) => onSearch({ ...search, role: value === 'all' ? undefined : value })}
        />
      </search>
      {(lackingCount > 0 || isLacking) && (
        <Notice
          tone={lackingCount > 0 ? 'warning' : 'info'}
          className="mb-4"
          action={
            <Button size="sm" onClick={() => onSearch({ ...search, lacking: isLacking ? undefined : true })}>
              {isLacking ? m.members_show_all() : m.members_show_lacking()}
            </Button>
          }
        >
          {m.members_lacking_count({ count: lackingCount })}
        </Notice>
      )}
      <PersonList
        key={JSON.stringify(filters)}
        label={m.members_members()}
        list={membersList(filters)}
        hasDetail
        isHeld={invites.isLoading}
        before={hasInvites && invites.data && <OpenInvites open={invites.data} user={user} />}
        empty={
          isFiltered && (
            <EmptyState
              icon={<SearchX />}
              title={m.members_none_found_title()}
              text={m.members_none_found_text()}
              action={<Button onClick={() => onSearch({})}>{m.members_show_all()}</Button>}
            />
          )
        }
        after={(total) =>
          total === 1 &&
          !isFiltered && (
            <div className="mt-6 text-center text-ink-2">
              <p>{m.members_alone()}</p>
              {isAdmin && (
                <Button className="mt-3" onClick={onInvite}>
                  {m.invites_invite()}
                </Button>
              )}
            </div>
          )
        }
      >
        {(member) => <MemberRow member={member} isSelf={member.id === user.id} mayChange={isAdmin} />}
      </PersonList>
    </>
  )
}
