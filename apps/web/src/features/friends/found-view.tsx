import type { PublicUser, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { SearchX } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { PersonListSkeleton } from '../accounts/person-list.tsx'
import { PersonRow } from '../accounts/person-row.tsx'
import { useFollowedPresence } from '../accounts/presence.ts'
import { MemberRow } from './members-view.tsx'
import { PersonActions } from './person-actions.tsx'
import { foundMembersQuery, relationsQuery, searchQuery } from './queries.ts'
import { RelationBadge } from './relation-badge.tsx'

type Props = { q: string; user: User; onClear: () => void }

/** The people whom a text finds, at most 200. */
export function FoundView({ q, user, onClear }: Props) {
  const found = useQuery(searchQuery(q))
  const members = useQuery(foundMembersQuery(q, user.organizationId))
  const relations = useQuery(relationsQuery)
  const byId = new Map(members.data?.map((member) => [member.id, member]))
  const others = found.data?.filter(({ id }) => !byId.has(id)) ?? []
  useFollowedPresence([...byId.keys(), ...others.map(({ id }) => id)])
  const error = found.error ?? members.error ?? relations.error
  const isKnown = found.data && members.data && relations.data
  if (!isKnown && error)
    return (
      <ErrorState
        error={error}
        onRetry={() => Promise.all([found.refetch(), members.refetch(), relations.refetch()])}
      />
    )
  if (!isKnown) return <PersonListSkeleton rows={3} />
  const relationTo = ({ id }: PublicUser) => relations.data.get(id)
  if (byId.size + others.length === 0)
    return (
      <EmptyState
        icon={<SearchX />}
        title={m.friends_none_found_title()}
        text={m.friends_none_found_text()}
        action={<Button onClick={onClear}>{m.friends_clear_search()}</Button>}
      />
    )
  return (
    <ul aria-label={m.friends_found()} className="overflow-hidden rounded-xl border border-line bg-surface">
      {others.map((person) => (
        <li key={person.id}>
          <PersonRow
            person={person}
            badges={<RelationBadge relation={relationTo(person) ?? { kind: 'none' }} />}
            actions={<PersonActions person={person} relation={relationTo(person) ?? { kind: 'none' }} />}
          />
        </li>
      ))}
      {[...byId.values()].map((member) => (
        <li key={member.id}>
          <MemberRow member={member} isSelf={member.id === user.id} relation={relationTo(member)} />
        </li>
      ))}
    </ul>
  )
}
