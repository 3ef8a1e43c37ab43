import type { Member, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { Building2 } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { PersonList } from '../accounts/person-list.tsx'
import { PersonRow } from '../accounts/person-row.tsx'
import { membersList } from '../members/queries.ts'
import { PersonActions } from './person-actions.tsx'
import { type Relation, relationsQuery } from './queries.ts'
import { RelationBadge } from './relation-badge.tsx'

/** The members of the user's organization, by name. */
export function MembersView({ user }: { user: User }) {
  const relations = useQuery(relationsQuery)
  if (user.organizationId === null)
    return <EmptyState icon={<Building2 />} title={m.organizations_none_title()} text={m.organizations_none_text()} />
  return (
    <PersonList
      label={m.friends_members()}
      list={membersList({})}
      after={(total) => total === 1 && <p className="mt-4 text-center text-ink-3">{m.friends_alone()}</p>}
    >
      {(member) => (
        <MemberRow member={member} isSelf={member.id === user.id} relation={relations.data?.get(member.id)} />
      )}
    </PersonList>
  )
}

type RowProps = {
  member: Member
  isSelf: boolean
  /** Undefined while the user stands in no relation to the member, or it is not known yet. */
  relation: Relation | undefined
}

/** A member of the organization, with what another member can do. */
export function MemberRow({ member, isSelf, relation = { kind: 'none' } }: RowProps) {
  return (
    <PersonRow
      person={member}
      badges={
        <>
          {isSelf && <Badge>{m.accounts_you()}</Badge>}
          {!member.isActive && <Badge tone="warning">{m.members_inactive()}</Badge>}
          <RelationBadge relation={relation} />
        </>
      }
      // Nobody can ask or write to an account that is not active.
      actions={
        isSelf || (!member.isActive && relation.kind !== 'blocked') ? undefined : (
          <PersonActions isColleague person={member} relation={relation} />
        )
      }
    />
  )
}
