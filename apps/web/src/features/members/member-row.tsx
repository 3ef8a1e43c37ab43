import type { Member } from '@muster/client'
import { EllipsisVertical, ShieldCheck, ShieldMinus, UserMinus, UserRoundCheck, UserRoundX } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { IconButton } from '../../ui/button.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { PersonRow } from '../accounts/person-row.tsx'
import { useMemberActions } from './use-member-actions.ts'

type Props = {
  member: Member
  isSelf: boolean
  /** The reader is a client_admin, who may change other members. */
  mayChange: boolean
}

/** A member with address, role and state, and what an administrator can do with them. */
export function MemberRow({ member, isSelf, mayChange }: Props) {
  return (
    <PersonRow
      person={member}
      detail={<bdi>{member.email}</bdi>}
      badges={
        <>
          {isSelf && <Badge>{m.accounts_you()}</Badge>}
          {member.role === 'client_admin' && <Badge tone="accent">{m.members_admin()}</Badge>}
          {!member.isActive && <Badge tone="warning">{m.members_inactive()}</Badge>}
          {member.lacksRequiredFactor && <Badge tone="danger">{m.members_lacks_factor()}</Badge>}
        </>
      }
      actions={mayChange && !isSelf ? <MemberActions member={member} /> : undefined}
    />
  )
}

function MemberActions({ member: { id, name, role, isActive } }: { member: Member }) {
  const { place, isPending, promote, demote, deactivate, reactivate, remove } = useMemberActions({ id, name })
  return (
    <div ref={place}>
      <Menu
        items={[
          role === 'client_user'
            ? {
                label: m.members_promote(),
                icon: <ShieldCheck aria-hidden="true" />,
                onSelect: () => void promote(),
              }
            : { label: m.members_demote(), icon: <ShieldMinus aria-hidden="true" />, onSelect: () => void demote() },
          isActive
            ? {
                label: m.members_deactivate(),
                icon: <UserRoundX aria-hidden="true" />,
                onSelect: () => void deactivate(),
              }
            : {
                label: m.members_reactivate(),
                icon: <UserRoundCheck aria-hidden="true" />,
                onSelect: () => void reactivate(),
              },
          {
            label: m.members_remove(),
            icon: <UserMinus aria-hidden="true" />,
            isDanger: true,
            onSelect: () => void remove(),
          },
        ]}
        trigger={
          <IconButton
            label={m.members_change_one({ name })}
            hasTooltip={false}
            isDisabled={isPending}
            icon={isPending ? <Spinner /> : <EllipsisVertical aria-hidden="true" />}
          />
        }
      />
    </div>
  )
}
