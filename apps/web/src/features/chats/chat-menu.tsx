import type { Chat, ChatHandle, User } from '@muster/client'
import { useNavigate } from '@tanstack/react-router'
import { Archive, ArchiveRestore, Ban, Bell, BellOff, DoorOpen, EllipsisVertical, Info } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { IconButton } from '../../ui/button.tsx'
import { useConfirm } from '../../ui/confirm.tsx'
import { Menu, type MenuGroup, type MenuItem } from '../../ui/menu.tsx'
import { toast } from '../../ui/toast.tsx'
import { isolated, otherOf } from './names.ts'

const MuteDialog = lazy(() => import('./mute-dialog.tsx'))
const LeaveDialog = lazy(() => import('./leave-dialog.tsx'))

type Props = { chat: Chat; user: User; handle: ChatHandle; onDetails: () => void }

/** What can be done with a chat: for oneself, and leaving it or blocking the other. */
export function ChatMenu({ chat, user, handle, onDetails }: Props) {
  const [dialog, setDialog] = useState<'mute' | 'leave' | null>(null)
  const confirm = useConfirm()
  const navigate = useNavigate()
  const other = otherOf(chat, user.id)
  const run = async (action: () => Promise<unknown>): Promise<void> => {
    await action().catch((error) => toast({ kind: 'error', title: errorSentence(error) }))
  }

  async function archive(): Promise<void> {
    await muster.chats.archive(chat.id)
    const action = { label: m.chats_undo(), onClick: () => void run(() => muster.chats.unarchive(chat.id)) }
    toast({ title: m.chats_archived_done(), action })
    await navigate({ to: '/chats' })
  }
  async function block(userId: string, name: string): Promise<void> {
    const isSure = await confirm({
      title: m.chats_block_title({ name }),
      text: m.chats_block_text(),
      confirmLabel: m.chats_block_confirm(),
      isDanger: true,
    })
    if (!isSure) return
    await muster.friends.block(userId)
    await Promise.all([queryClient.invalidateQueries({ queryKey: ['friends'] }), handle.refresh()])
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
  if (other && chat.writable) {
    const name = isolated(other.name)
    final.push({
      items: [
        {
          label: m.chats_block({ name }),
          icon: <Ban aria-hidden="true" />,
          isDanger: true,
          onSelect: () => void run(() => block(other.id, name)),
        },
      ],
    })
  }
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
