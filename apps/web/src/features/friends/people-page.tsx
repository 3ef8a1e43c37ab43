import type { User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { m } from '../../paraglide/messages.js'
import { CountBadge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Page } from '../../ui/page.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { FoundView } from './found-view.tsx'
import { FriendsView } from './friends-view.tsx'
import { MembersView } from './members-view.tsx'
import { requestsQuery } from './queries.ts'
import { RequestsView } from './requests-view.tsx'
import type { PeopleSearch, PeopleView } from './search.ts'

const AddFriendDialog = lazy(async () => ({ default: (await import('./add-friend-dialog.tsx')).AddFriendDialog }))

type Props = { search: PeopleSearch; user: User; onSearch: (search: PeopleSearch, isTyping?: boolean) => void }

/** Friends, requests and the members of the organization; a search finds people among all of them, and others by their username. */
export function PeoplePage({ search: { q, view = 'friends' }, user, onSearch }: Props) {
  const requests = useQuery(requestsQuery)
  const [isAdding, setIsAdding] = useState(false)
  const add = () => setIsAdding(true)
  const received = requests.data?.incoming.length ?? 0
  const show = (next: PeopleView) => onSearch({ view: next === 'friends' ? undefined : next })
  return (
    <Page
      title={m.shell_people()}
      width="narrow"
      actions={
        <Button variant="primary" icon={<UserPlus aria-hidden="true" />} onClick={add}>
          {m.friends_add_title()}
        </Button>
      }
    >
      <search>
        <SearchField
          label={m.friends_search()}
          value={q ?? ''}
          onChange={(text) => onSearch({ view: view === 'friends' ? undefined : view, q: text || undefined }, true)}
          className="mb-4 block"
        />
      </search>
      {q ? (
        <FoundView key={q} {...{ q, user }} onClear={() => show(view)} />
      ) : (
        <Tabs
          label={m.shell_people()}
          value={view}
          onChange={show}
          tabs={[
            { value: 'friends', label: m.friends_friends(), panel: <FriendsView onAdd={add} /> },
            {
              value: 'requests',
              label: (
                <>
                  {m.friends_requests()}
                  <CountBadge count={received} label={m.friends_received_count({ count: received })} />
                </>
              ),
              panel: <RequestsView onAdd={add} />,
            },
            { value: 'members', label: m.shell_organization(), panel: <MembersView user={user} /> },
          ]}
        />
      )}
      {isAdding && (
        <Suspense>
          <AddFriendDialog user={user} onClose={() => setIsAdding(false)} />
        </Suspense>
      )}
    </Page>
  )
}
