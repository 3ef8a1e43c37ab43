import type { Chat, Message, User } from '@muster/client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { SearchX } from 'lucide-react'
import { m } from '../../paraglide/messages.js'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { ChatListSkeleton, rowTime } from './chat-list.tsx'
import { chatName, previewOf } from './names.ts'
import { foundMessagesQuery } from './queries.ts'
import type { ChatsSearch } from './search.ts'
import { useSettled } from './use-settled.ts'

type Props = {
  q: string
  items: readonly Chat[]
  user: User
  search: ChatsSearch
  /** Says in large that there is nothing, when nothing else was found either. */
  isAloneInPage: boolean
  /** Looks in one chat alone. */
  chatId?: string
  onOpen?: () => void
}

const patienceMs = 250
/** So much of a message stands before the first word that was found. */
const leadLength = 40

/** Messages with the words, the newest first; each leads to its place in the chat. */
export function FoundMessages({ q, items, user, search, isAloneInPage, chatId, onOpen }: Props) {
  const words = useSettled(q, patienceMs)
  const found = useInfiniteQuery(foundMessagesQuery(words, chatId))
  if (found.isPending || words !== q) return <ChatListSkeleton />
  if (!found.data) return <ErrorState error={found.error} onRetry={() => found.refetch()} />
  const messages = found.data.pages.flatMap((page) => page.messages)
  if (messages.length === 0)
    return isAloneInPage ? (
      <EmptyState icon={<SearchX />} title={m.chats_found_none_title()} text={m.chats_found_none_text()} />
    ) : (
      <p className="px-4 py-2 text-ink-3">{m.chats_found_none_title()}</p>
    )
  return (
    <>
      <ul className="flex flex-col px-2">
        {messages.map((message) => (
          <li key={message.id}>
            <Link
              to="/chats/$chatId"
              params={{ chatId: message.chatId }}
              search={{ ...search, seq: message.seq }}
              {...(onOpen && { onClick: onOpen })}
              className="block rounded-md px-2 py-2.5 hover:bg-raised focus-visible:-outline-offset-2"
            >
              <span className="flex items-baseline gap-2">
                <bdi className="min-w-0 flex-1 truncate font-medium">{titleOf(message, items, user.id, chatId)}</bdi>
                <time dateTime={message.createdAt} className="shrink-0 text-sm text-ink-3">
                  {rowTime(message.createdAt, user.timezone)}
                </time>
              </span>
              <span dir="auto" className="line-clamp-2 text-start text-[0.9375rem] break-words text-ink-2">
                <Excerpt text={previewOf(message)} q={words} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <LoadMore
        hasMore={found.hasNextPage}
        isLoading={found.isFetchingNextPage}
        onLoadMore={() => void found.fetchNextPage()}
      />
    </>
  )
}

function titleOf({ sender, chatId }: Message, items: readonly Chat[], me: string, within?: string): string {
  const name = sender.id === me ? m.chats_you() : sender.name
  const chat = items.find(({ id }) => id === chatId)
  return within === undefined && chat ? `${chatName(chat, me)} · ${name}` : name
}

/** A text from shortly before the first word that was found, with the beginnings of words that were found marked. */
function Excerpt({ text, q }: { text: string; q: string }) {
  const words = q.match(/[\p{L}\p{N}]+/gu)?.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) ?? []
  if (words.length === 0) return text
  const mark = new RegExp(`(?<![\\p{L}\\p{N}])(${words.join('|')})`, 'giu')
  const first = text.search(mark)
  const shown = first > leadLength * 2 ? `… ${text.slice(first - leadLength)}` : text
  return shown.split(mark).map((part, index) =>
    index % 2 === 1 ? (
      <mark key={index} className="rounded-xs bg-accent-soft font-medium text-accent">
        {part}
      </mark>
    ) : (
      part
    ),
  )
}
