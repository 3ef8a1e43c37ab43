import type { Chat, ChatHandle, User } from '@muster/client'
import { Link, useSearch } from '@tanstack/react-router'
import { ArrowLeft, Search } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { formatRelative } from '../../lib/dates.ts'
import { live } from '../../lib/live-muster.ts'
import { useStore } from '../../lib/use-store.ts'
import { m } from '../../paraglide/messages.js'
import { IconButton } from '../../ui/button.tsx'
import { ChatAvatar } from './chat-avatar.tsx'
import { ChatMenu } from './chat-menu.tsx'
import { chatName, otherOf } from './names.ts'

const ChatDetails = lazy(() => import('./chat-details.tsx'))
const SearchDialog = lazy(() => import('./search-dialog.tsx'))

type Props = { chat: Chat; user: User; handle: ChatHandle }

/** The header of a chat: name, presence or number of members, search and menu. */
export function ChatHeader({ chat, user, handle }: Props) {
  const [dialog, setDialog] = useState<'details' | 'search' | null>(null)
  const { q, archived } = useSearch({ strict: false })
  const close = () => setDialog(null)
  return (
    <header className="flex h-16 shrink-0 items-center gap-1 border-b border-line bg-surface ps-2 pe-2 sm:ps-3">
      <Link
        to="/chats"
        search={{ q, archived }}
        aria-label={m.chats_back()}
        className="grid size-11 shrink-0 place-items-center rounded-md text-ink-2 hover:bg-raised md:hidden"
      >
        <ArrowLeft aria-hidden="true" className="size-5 rtl:rotate-180" />
      </Link>
      <h2 className="min-w-0 flex-1 font-normal tracking-normal">
        <button
          type="button"
          data-tooltip={chat.kind === 'group' ? m.chats_details_group() : m.chats_details()}
          onClick={() => setDialog('details')}
          className="flex w-full items-center gap-3 rounded-md px-1.5 py-1.5 text-start hover:bg-raised"
        >
          <ChatAvatar chat={chat} me={user.id} />
          <span className="min-w-0 flex-1">
            <bdi className="block truncate leading-tight font-semibold">{chatName(chat, user.id)}</bdi>
            <span className="block min-h-5 truncate text-sm leading-5 text-ink-3">
              {chat.kind === 'group' ? (
                m.chats_members_count({ count: chat.memberCount })
              ) : (
                <PresenceText {...{ chat, user }} />
              )}
            </span>
          </span>
        </button>
      </h2>
      <IconButton
        label={m.chats_search_in()}
        icon={<Search aria-hidden="true" />}
        onClick={() => setDialog('search')}
      />
      <ChatMenu {...{ chat, user, handle }} onDetails={() => setDialog('details')} />
      {dialog === 'details' && (
        <Suspense>
          <ChatDetails {...{ chat, user, handle }} onClose={close} />
        </Suspense>
      )}
      {dialog === 'search' && (
        <Suspense>
          <SearchDialog {...{ chat, user }} onClose={close} />
        </Suspense>
      )}
    </header>
  )
}

/** Whether the other user is online, or when they were, as far as the user may know. */
function PresenceText({ chat, user }: { chat: Chat; user: User }) {
  const { presence } = live.realtime()
  const id = otherOf(chat, user.id)?.id
  useEffect(() => (id === undefined ? undefined : presence.follow([id])), [presence, id])
  const known = useStore(presence).get(id ?? '')
  if (known?.status === 'online') return <span className="text-success">{m.chats_online()}</span>
  if (known?.status === 'offline' && known.lastSeenAt)
    return m.chats_last_seen({ when: formatRelative(known.lastSeenAt) })
  return null
}
