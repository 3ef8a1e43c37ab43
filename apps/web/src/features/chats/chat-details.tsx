import { type Chat, type ChatHandle, type ListedChatMember, MusterError, type User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { Ellipsis, MessageCircle, ShieldCheck, ShieldMinus, UserMinus, UserPlus } from 'lucide-react'
import { useState } from 'react'
import { formatInstant } from '../../lib/dates.ts'
import { errorSentence } from '../../lib/errors.ts'
import { isolated } from '../../lib/isolated.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Avatar } from '../../ui/avatar.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { useConfirm } from '../../ui/confirm.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { useFriendActions } from '../friends/use-friend-actions.ts'
import { ChatAvatar } from './chat-avatar.tsx'
import { GroupName } from './group-name.tsx'
import { GroupPicture } from './group-picture.tsx'
import { chatName } from './names.ts'
import { toggled, unreachable } from './new-chat-dialog.tsx'
import { type Choice, Names, PeoplePicker } from './people-picker.tsx'
import { chatMembersQuery } from './queries.ts'

type Props = { chat: Chat; user: User; handle: ChatHandle; onClose: () => void }

/** The details of a chat: its members, and the settings of a group for its admins. */
export default function ChatDetails({ chat, user, onClose }: Props) {
  const [isAdding, setIsAdding] = useState(false)
  const isGroup = chat.kind === 'group'
  const isAdmin = isGroup && chat.role === 'admin'
  const members = useQuery(chatMembersQuery(chat.id))
  if (isAdding)
    return <AddMembers {...{ chat, user }} members={members.data ?? []} onClose={() => setIsAdding(false)} />
  return (
    <Dialog
      open
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={isGroup ? m.chats_details_group() : m.chats_details()}
    >
      <div className="flex flex-col gap-6">
        <div className="flex flex-wrap items-center gap-4">
          {isAdmin ? <GroupPicture chat={chat} user={user} /> : <ChatAvatar chat={chat} me={user.id} size="lg" />}
          <div className="min-w-0 flex-1 basis-60">
            {isAdmin ? (
              <GroupName key={chat.name} chat={chat} />
            ) : (
              <bdi className="block text-lg font-semibold break-words">{chatName(chat, user.id)}</bdi>
            )}
          </div>
        </div>
        {chat.organizationId !== null && <Notice>{m.chats_organization_group()}</Notice>}
        {chat.muted && (
          <p className="text-ink-2">
            {chat.mutedUntil === null
              ? m.chats_muted_always()
              : m.chats_muted_until({
                  time: formatInstant(chat.mutedUntil, {
                    timeZone: user.timezone,
                    dateStyle: 'medium',
                    timeStyle: 'short',
                  }),
                })}
          </p>
        )}
        <section aria-label={m.chats_members()}>
          <div className="flex flex-wrap items-center justify-between gap-2 pb-1">
            <h3 className="text-lg">
              {isGroup ? m.chats_members_count({ count: chat.memberCount }) : m.chats_members()}
            </h3>
            {isAdmin && (
              <Button size="sm" icon={<UserPlus aria-hidden="true" />} onClick={() => setIsAdding(true)}>
                {m.chats_members_add()}
              </Button>
            )}
          </div>
          {members.data ? (
            <ul>
              {members.data.map((member) => (
                <MemberRow key={member.user.id} {...{ member, chat, user, isAdmin, onClose }} />
              ))}
            </ul>
          ) : members.error ? (
            <ErrorState error={members.error} onRetry={() => members.refetch()} className="py-6" />
          ) : (
            <div role="status" aria-label={m.ui_loading()} className="flex flex-col gap-2">
              <Skeleton className="h-12" />
              <Skeleton className="h-12" />
            </div>
          )}
        </section>
      </div>
    </Dialog>
  )
}

type MemberProps = { member: ListedChatMember; chat: Chat; user: User; isAdmin: boolean; onClose: () => void }

function MemberRow({ member, chat, user, isAdmin, onClose }: MemberProps) {
  const confirm = useConfirm()
  const { openChat } = useFriendActions(member.user)
  const { id, name, username, avatarUrl } = member.user
  const isSelf = id === user.id
  const isolatedName = isolated(name)
  const reload = () => queryClient.invalidateQueries({ queryKey: ['chats', 'members', chat.id] })
  async function run(action: () => Promise<unknown>): Promise<void> {
    try {
      await action()
      await reload()
    } catch (error) {
      toast({ kind: 'error', title: errorSentence(error) })
    }
  }
  async function remove(): Promise<void> {
    const isSure = await confirm({
      title: m.chats_remove_member_title({ name: isolatedName }),
      text: m.chats_remove_member_text(),
      confirmLabel: m.chats_remove_confirm(),
      isDanger: true,
    })
    if (isSure) await muster.chats.removeMember(chat.id, id)
  }
  const items: MenuItem[] = []
  if (!isSelf && chat.kind === 'group')
    items.push({
      label: m.chats_write_directly({ name: isolatedName }),
      icon: <MessageCircle aria-hidden="true" />,
      onSelect: () => void openChat().then(onClose),
    })
  if (isAdmin)
    items.push(
      member.role === 'admin'
        ? {
            label: m.chats_make_member(),
            icon: <ShieldMinus aria-hidden="true" />,
            onSelect: () => void run(() => muster.chats.updateMember(chat.id, id, { role: 'member' })),
          }
        : {
            label: m.chats_make_admin(),
            icon: <ShieldCheck aria-hidden="true" />,
            onSelect: () => void run(() => muster.chats.updateMember(chat.id, id, { role: 'admin' })),
          },
    )
  if (isAdmin && !isSelf)
    items.push({
      label: m.chats_remove_member(),
      icon: <UserMinus aria-hidden="true" />,
      isDanger: true,
      onSelect: () => void run(remove),
    })
  return (
    <li className="flex items-center gap-3 py-2">
      <Avatar name={name} url={avatarUrl} presence={member.status === 'online' ? 'online' : undefined} />
      <Names
        name={
          <span className="flex min-w-0 items-center gap-2">
            <bdi className="min-w-0 truncate font-medium">{name}</bdi>
            {isSelf && <span className="shrink-0 text-sm text-ink-3">({m.chats_you()})</span>}
          </span>
        }
        username={username}
      />
      {member.role === 'admin' && <Badge tone="accent">{m.chats_role_admin()}</Badge>}
      {items.length > 0 && (
        <Menu
          items={items}
          trigger={
            <IconButton
              size="sm"
              hasTooltip={false}
              label={m.chats_member_actions({ name: isolatedName })}
              icon={<Ellipsis aria-hidden="true" />}
            />
          }
        />
      )}
    </li>
  )
}

type AddProps = { chat: Chat; user: User; members: readonly ListedChatMember[]; onClose: () => void }

function AddMembers({ chat, user, members, onClose }: AddProps) {
  const [chosen, setChosen] = useState<readonly Choice[]>([])
  const [isPending, setIsPending] = useState(false)
  const [error, setError] = useState<unknown>()
  async function add(): Promise<void> {
    setIsPending(true)
    setError(undefined)
    try {
      await muster.chats.addMembers(chat.id, { userIds: chosen.map(({ id }) => id) })
      await queryClient.invalidateQueries({ queryKey: ['chats', 'members', chat.id] })
      toast({ kind: 'success', title: m.chats_members_added({ count: chosen.length }) })
      onClose()
    } catch (failure) {
      setError(failure)
      setIsPending(false)
    }
  }
  return (
    <Dialog
      open
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={m.chats_members_add()}
      description={m.chats_members_add_text()}
      footer={
        <>
          <Button onClick={onClose}>{m.ui_cancel()}</Button>
          <Button variant="primary" isPending={isPending} isDisabled={chosen.length === 0} onClick={() => void add()}>
            {m.chats_members_add()}
          </Button>
        </>
      }
    >
      <PeoplePicker
        organizationId={user.organizationId}
        only={chat.organizationId === null ? undefined : 'organization'}
        without={new Set(members.map((member) => member.user.id))}
        chosen={chosen}
        onPick={(person) => setChosen((all) => toggled(all, person))}
      />
      {error !== undefined && (
        <Notice tone="danger" isAlert className="mt-3">
          {(error instanceof MusterError && unreachable(error, chosen)) || errorSentence(error)}
        </Notice>
      )}
    </Dialog>
  )
}
