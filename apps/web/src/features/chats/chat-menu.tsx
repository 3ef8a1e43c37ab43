import type { Chat, ChatHandle, User } from '@muster/client'
import { useNavigate } from '@tanstack/react-router'
import { Archive, ArchiveRestore, Ban, Bell, BellOff, DoorOpen, EllipsisVertical, Info } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { m } from '../../paraglide/messages.js'
import { IconButton } from '../../ui/button.tsx'
import { Menu, type MenuGroup, type MenuItem } from '../../ui/menu.tsx'
import { toast } from '../../ui/toast.tsx'
import { useFriendActions } from '../friends/use-friend-actions.ts'
import { otherOf } from './names.ts'

const MuteDialog = lazy(() => import('./mute-dialog.tsx'))
const LeaveDialog = lazy(() => import('./leave-dialog.tsx'))

type Props = { chat: Chat; user: User; handle: ChatHandle; onDetails: () => void }

/** The menu of a chat: its settings for oneself, leaving it, and blocking the other. */
export function ChatMenu({ chat, user, handle, onDetails }: Props) {
  const [dialog, setDialog] = useState<'mute' | 'leave' | null>(null)
  const navigate = useNavigate()
  const other = otherOf(chat, user.id)
  // In a group nothing of this is offered.
  const { block } = useFriendActions(other ?? user)
  const run = async (action: () => Promise<unknown>): Promise<void> => {
    await action().catch((error) => toast({ kind: 'error', title: errorSentence(error) }))
  }

  async function archive(): Promise<void> {
    await muster.chats.archive(chat.id)
    const action = { label: m.chats_undo(), onClick: () => void run(() => muster.chats.unarchive(chat.id)) }
    toast({ title: m.chats_archived_done(), action })
    await navigate({ to: '/chats' })
  }
  const own: MenuItem[] = [
    {
      label: chat.kind === 'group' ? m.chats_details_group() : m.chats_details(),
      icon: <Info aria-hidden="true" />,
      onSelect: onDetails,
    },
    chat.muted
      ? {
          label: m.chats_unmute(),
          icon: <Bell aria-hidden="true" />,
          onSelect: () => void run(() => muster.chats.unmute(chat.id)),
        }
      : { label: m.chats_mute(), icon: <BellOff aria-hidden="true" />, onSelect: () => setDialog('mute') },
    chat.archived
      ? {
          label: m.chats_unarchive(),
          icon: <ArchiveRestore aria-hidden="true" />,
          onSelect: () => void run(() => muster.chats.unarchive(chat.id)),
        }
      : { label: m.chats_archive(), icon: <Archive aria-hidden="true" />, onSelect: () => void run(archive) },
  ]
  const final: MenuGroup[] = []
  if (other && chat.writable)
    final.push({
      items: [
        {
          label: m.friends_block(),
          icon: <Ban aria-hidden="true" />,
          isDanger: true,
          onSelect: () => void run(() => block().then(() => handle.refresh())),
        },
      ],
    })
  if (chat.kind === 'group')
    final.push({
      items: [
        {
          label: m.chats_leave(),
          icon: <DoorOpen aria-hidden="true" />,
          isDanger: true,
          onSelect: () => setDialog('leave'),
        },
      ],
    })
  return (
    <>
      <Menu
        items={[...own, ...final]}
        trigger={<IconButton label={m.chats_menu()} icon={<EllipsisVertical aria-hidden="true" />} />}
      />
      <Suspense>
        {dialog === 'mute' && <MuteDialog chat={chat} onClose={() => setDialog(null)} />}
        {dialog === 'leave' && <LeaveDialog {...{ chat, user }} onClose={() => setDialog(null)} />}
      </Suspense>
    </>
  )
}
