import { UserPlus, Users } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { PersonList } from '../accounts/person-list.tsx'
import { PersonRow } from '../accounts/person-row.tsx'
import { PersonActions } from './person-actions.tsx'
import { friendsList } from './queries.ts'

/** The friends of the user, by name. */
export function FriendsView({ onAdd }: { onAdd: () => void }) {
  return (
    <PersonList
      label={m.friends_friends()}
      list={friendsList}
      empty={
        <EmptyState
          icon={<Users />}
          title={m.friends_empty_title()}
          text={m.friends_empty_text()}
          action={
            <Button variant="primary" icon={<UserPlus aria-hidden="true" />} onClick={onAdd}>
              {m.friends_add_title()}
            </Button>
          }
        />
      }
    >
      {(person) => (
        <PersonRow person={person} actions={<PersonActions person={person} relation={{ kind: 'friend' }} />} />
      )}
    </PersonList>
  )
}
