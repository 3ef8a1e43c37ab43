import type { Chat, User } from '@muster/client'
import { Link } from '@tanstack/react-router'
import { BellOff } from 'lucide-react'
import { type KeyboardEvent, useEffect } from 'react'
import { addDays, dayOf, formatDay, formatTime } from '../../lib/dates.ts'
import { isolated } from '../../lib/isolated.ts'
import { live } from '../../lib/live-muster.ts'
import { useStore } from '../../lib/use-store.ts'
import { m } from '../../paraglide/messages.js'
import { CountBadge } from '../../ui/badge.tsx'
import { cx } from '../../ui/cx.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { ChatAvatar } from './chat-avatar.tsx'
import { useDraftText } from './drafts.ts'
import { chatName, otherOf, previewOf } from './names.ts'
import type { ChatsSearch } from './search.ts'

type Props = { chats: readonly Chat[]; user: User; chatId: string | undefined; search: ChatsSearch }

/** The server follows at most 500 users for a connection; the open chat needs some of them. */
const maxFollowed = 400

/** Moves between the rows by the arrow keys. */
function moveByArrows(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined) return
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('a')]
  const next = links[links.indexOf(document.activeElement as HTMLElement) + step]
  if (!next) return
  event.preventDefault()
  next.focus()
}

/** Chats as links, with the latest message and what is unread. */
export function ChatList({ chats, user, chatId, search }: Props) {
  const { presence } = live.realtime()
  const others = chats.flatMap((chat) => otherOf(chat, user.id)?.id ?? []).slice(0, maxFollowed)
  const followed = others.toSorted().join()
  useEffect(() => (followed === '' ? undefined : presence.follow(followed.split(','))), [presence, followed])
  const known = useStore(presence)
  return (
    <ul className="flex flex-col px-2" onKeyDown={moveByArrows}>
      {chats.map((chat) => {
        const other = otherOf(chat, user.id)
        return (
          <li key={chat.id} className="[contain-intrinsic-size:auto_4.5rem] [content-visibility:auto]">
            <ChatRow
              {...{ chat, user, search }}
              isOpen={chat.id === chatId}
              isOnline={other !== undefined && known.get(other.id)?.status === 'online'}
            />
          </li>
        )
      })}
    </ul>
  )
}

type RowProps = { chat: Chat; user: User; search: ChatsSearch; isOpen: boolean; isOnline: boolean }

function ChatRow({ chat, user, search, isOpen, isOnline }: RowProps) {
  const draft = useDraftText(user.id, chat.id)
  const { lastMessage, unreadCount, muted } = chat
  const isUnread = unreadCount > 0
  return (
    <Link
      to="/chats/$chatId"
      params={{ chatId: chat.id }}
      search={search}
      aria-current={isOpen ? 'page' : undefined}
      className={cx(
        'flex items-center gap-3 rounded-md px-2 py-2.5 focus-visible:-outline-offset-2',
        isOpen ? 'bg-accent-soft' : 'hover:bg-raised',
      )}
    >
      <ChatAvatar chat={chat} me={user.id} size="md" presence={isOnline ? 'online' : undefined} />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2">
          <bdi className={cx('min-w-0 flex-1 truncate', isUnread ? 'font-semibold' : 'font-medium')}>
            {chatName(chat, user.id)}
          </bdi>
          <time dateTime={activityOf(chat)} className={cx('shrink-0 text-sm', isUnread ? 'text-accent' : 'text-ink-3')}>
            {rowTime(activityOf(chat), user.timezone)}
          </time>
        </span>
        <span className="flex min-h-5 items-center gap-2 text-[0.9375rem]">
          <span dir="auto" className={cx('min-w-0 flex-1 truncate text-start', isUnread ? 'text-ink' : 'text-ink-3')}>
            {draft !== undefined && !isOpen ? (
              <span className="text-warning">{m.chats_draft_prefix({ text: isolated(draft) })}</span>
            ) : lastMessage ? (
              lastText(chat, user.id)
            ) : (
              m.chats_preview_none()
            )}
          </span>
          {muted && (
            <>
              <BellOff aria-hidden="true" className="size-4 shrink-0 text-ink-3" />
              <span className="sr-only">{m.chats_muted()}</span>
            </>
          )}
          <CountBadge count={unreadCount} label={m.chats_unread({ count: unreadCount })} />
        </span>
      </span>
    </Link>
  )
}

const activityOf = ({ lastMessage, createdAt }: Chat) => lastMessage?.createdAt ?? createdAt

function lastText({ kind, lastMessage }: Chat, me: string): string {
  if (!lastMessage) return ''
  const text = isolated(previewOf(lastMessage))
  if (lastMessage.sender.id === me) return m.chats_you_prefix({ text })
  return kind === 'group' ? m.chats_name_prefix({ name: isolated(lastMessage.sender.name), text }) : text
}

/** Returns the time of today, the name of a day of this week, or the date. */
export function rowTime(instant: string, timeZone: string): string {
  const today = dayOf(new Date(), timeZone)
  const day = dayOf(instant, timeZone)
  if (day >= today) return formatTime(instant, timeZone)
  if (day > addDays(today, -7)) return formatDay(day, { weekday: 'short' })
  return formatDay(day, { dateStyle: 'short' })
}

/** Takes the place of the list while it is read. */
export const ChatListSkeleton = () => (
  <div role="status" aria-label={m.ui_loading()} className="flex flex-col px-4">
    {Array.from({ length: 7 }, (_, index) => (
      <div key={index} className="flex items-center gap-3 py-2.5">
        <Skeleton className="size-10 rounded-full" />
        <div className="flex min-w-0 flex-1 flex-col gap-2">
          <Skeleton className="h-4 w-2/5" />
          <Skeleton className="h-4 w-4/5" />
        </div>
      </div>
    ))}
  </div>
)
