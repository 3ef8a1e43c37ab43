import type { PublicUser } from '@muster/client'
import { Ban, EllipsisVertical, MessageCircle, UserMinus, UserPlus, UserX } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { Button, IconButton } from '../../ui/button.tsx'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import type { Relation } from './queries.ts'
import { useFriendActions } from './use-friend-actions.ts'

type Props = {
  person: PublicUser
  relation: Relation
  /** Both are active members of one organization, and can write to each other without being friends. */
  isColleague?: boolean | undefined
}

/** The buttons and the menu of a person in a list. */
export function PersonActions({ person, relation, isColleague = false }: Props) {
  const actions = useFriendActions(person)
  const { name } = person
  const { kind } = relation
  const mayWrite = kind === 'friend' || (isColleague && kind !== 'blocked')
  if (kind === 'blocked')
    return (
      <Button
        size="sm"
        isPending={actions.isPending}
        aria-label={m.privacy_unblock_one({ name })}
        onClick={() => void actions.unblock()}
      >
        {m.privacy_unblock()}
      </Button>
    )
  const items: MenuItem[] = [
    ...(kind === 'none' && isColleague
      ? [
          {
            label: m.friends_add(),
            icon: <UserPlus aria-hidden="true" />,
            onSelect: () => void actions.request(),
          },
        ]
      : []),
    ...(kind === 'requested'
      ? [{ label: m.friends_withdraw(), icon: <UserX aria-hidden="true" />, onSelect: () => void actions.withdraw() }]
      : []),
    ...(relation.kind === 'received'
      ? [
          {
            label: m.friends_decline(),
            icon: <UserX aria-hidden="true" />,
            onSelect: () => void actions.decline(relation.requestId),
          },
        ]
      : []),
    ...(kind === 'friend'
      ? [
          {
            label: m.friends_remove(),
            icon: <UserMinus aria-hidden="true" />,
            isDanger: true,
            onSelect: () => void actions.remove(),
          },
        ]
      : []),
    {
      label: m.friends_block(),
      icon: <Ban aria-hidden="true" />,
      isDanger: true,
      onSelect: () => void actions.block(),
    },
  ]
  return (
    <div ref={actions.place} className="flex items-center gap-1.5">
      {relation.kind === 'received' && (
        <Button
          size="sm"
          variant="primary"
          isPending={actions.isPending}
          aria-label={m.friends_accept_one({ name })}
          onClick={() => void actions.accept(relation.requestId)}
        >
          {m.friends_accept()}
        </Button>
      )}
      {kind === 'none' && !isColleague && (
        <Button
          size="sm"
          isPending={actions.isPending}
          icon={<UserPlus aria-hidden="true" />}
          aria-label={m.friends_add_one({ name })}
          onClick={() => void actions.request()}
        >
          {m.friends_add()}
        </Button>
      )}
      {mayWrite && (
        <IconButton
          label={m.friends_chat_one({ name })}
          isDisabled={actions.isPending}
          icon={<MessageCircle aria-hidden="true" />}
          onClick={() => void actions.openChat()}
        />
      )}
      <Menu
        items={items}
        trigger={
          <IconButton
            label={m.friends_more_one({ name })}
            hasTooltip={false}
            icon={<EllipsisVertical aria-hidden="true" />}
          />
        }
      />
    </div>
  )
}
