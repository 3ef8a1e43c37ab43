import type { Chat, User } from '@muster/client'
import { useNavigate } from '@tanstack/react-router'
import { Archive, ArrowLeft, MessagesSquare, Search, SquarePen, X } from 'lucide-react'
import { lazy, type ReactNode, Suspense, useDeferredValue, useState } from 'react'
import { useInSteps } from '../../lib/in-steps.ts'
import { live } from '../../lib/live-muster.ts'
import { useStore } from '../../lib/use-store.ts'
import { m } from '../../paraglide/messages.js'
import { Button, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/cx.ts'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { TextInput } from '../../ui/field.tsx'
import { Page } from '../../ui/page.tsx'
import { ChatList, ChatListSkeleton } from './chat-list.tsx'
import { FoundMessages } from './found-messages.tsx'
import { chatName } from './names.ts'
import type { ChatsSearch } from './search.ts'

const NewChatDialog = lazy(() => import('./new-chat-dialog.tsx'))

type Props = {
  search: ChatsSearch
  user: User
  /** The chat that is open. */
  chatId: string | undefined
  onSearch: (next: ChatsSearch) => void
  children: ReactNode
}

/** The list of chats, and beside it the open one; on small screens one of the two. */
export function ChatsLayout({ search, user, chatId, onSearch, children }: Props) {
  const { items } = useStore(live.realtime().chats)
  const open = items.find(({ id }) => id === chatId)
  const isChatOpen = chatId !== undefined
  return (
    <Page
      width="full"
      isTitleHidden
      title={m.shell_chats()}
      tabTitle={open && `${chatName(open, user.id)} · ${m.shell_chats()}`}
    >
      <div className="flex min-h-0 flex-1">
        <section
          aria-label={m.chats_list()}
          className={cx(
            'flex min-h-0 w-full flex-col border-line bg-surface md:w-80 md:shrink-0 md:border-e xl:w-96',
            isChatOpen && 'max-md:hidden',
          )}
        >
          <ListPane {...{ search, user, chatId, onSearch }} />
        </section>
        <div className={cx('flex min-h-0 min-w-0 flex-1 flex-col', !isChatOpen && 'max-md:hidden')}>{children}</div>
      </div>
    </Page>
  )
}

function ListPane({ search, user, chatId, onSearch }: Omit<Props, 'children'>) {
  const chats = live.realtime().chats
  const { status, error, items } = useStore(chats)
  const isShown = useInSteps(status === 'ready' || items.length > 0)
  const { archived } = search
  const [text, setText] = useState(search.q ?? '')
  const [isNew, setIsNew] = useState(false)
  // Words are looked for as they are typed, without holding back the field.
  const q = useDeferredValue(text.trim())
  const navigate = useNavigate()
  const shown = items.filter((chat) => chat.archived === (archived ?? false))
  const archivedCount = items.filter((chat) => chat.archived).length
  const change = (next: string) => {
    setText(next)
    onSearch({ ...search, q: next.trim() || undefined })
  }
  return (
    <>
      <header className="flex flex-col gap-3 px-4 pt-4 pb-3">
        <div className="flex min-h-10 items-center gap-2">
          {archived && (
            <IconButton
              label={m.chats_back_to_chats()}
              icon={<ArrowLeft aria-hidden="true" className="rtl:rotate-180" />}
              onClick={() => onSearch({ ...search, archived: undefined })}
              className="-ms-2"
            />
          )}
          <h2 className="min-w-0 flex-1 truncate text-2xl">{archived ? m.chats_archived() : m.shell_chats()}</h2>
          <IconButton
            variant="secondary"
            label={m.chats_new()}
            icon={<SquarePen aria-hidden="true" />}
            onClick={() => setIsNew(true)}
          />
        </div>
        <search className="relative">
          <TextInput
            type="search"
            aria-label={m.chats_search()}
            placeholder={m.chats_search()}
            icon={<Search />}
            maxLength={200}
            value={text}
            onChange={({ target }) => change(target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape' || text === '') return
              event.preventDefault()
              change('')
            }}
            className="pe-11 [&::-webkit-search-cancel-button]:hidden"
          />
          {text !== '' && (
            <span className="absolute end-1.5 top-1.5 touch:end-0 touch:top-0">
              <IconButton
                size="sm"
                label={m.chats_search_clear()}
                icon={<X aria-hidden="true" />}
                onClick={() => change('')}
              />
            </span>
          )}
        </search>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain pb-3">
        {status === 'failed' ? (
          <ErrorState error={error} onRetry={() => chats.reload().catch(() => undefined)} />
        ) : !isShown ? (
          <ChatListSkeleton />
        ) : q === '' ? (
          <>
            {shown.length > 0 && <ChatList chats={shown} {...{ user, chatId, search }} />}
            {shown.length === 0 && (
              <EmptyState
                icon={archived ? <Archive /> : <MessagesSquare />}
                title={archived ? m.chats_archived_empty_title() : m.chats_empty_title()}
                text={archived ? m.chats_archived_empty_text() : m.chats_empty_text()}
                action={
                  !archived && (
                    <Button variant="primary" icon={<SquarePen aria-hidden="true" />} onClick={() => setIsNew(true)}>
                      {m.chats_new()}
                    </Button>
                  )
                }
              />
            )}
            {!archived && archivedCount > 0 && (
              <div className="px-2 pt-1">
                <Button
                  variant="ghost"
                  isWide
                  icon={<Archive aria-hidden="true" />}
                  onClick={() => onSearch({ ...search, archived: true })}
                >
                  {m.chats_archived_count({ count: archivedCount })}
                </Button>
              </div>
            )}
          </>
        ) : (
          <FoundChats {...{ q, items, user, chatId, search }} />
        )}
      </div>
      {isNew && (
        <Suspense>
          <NewChatDialog
            user={user}
            onClose={() => setIsNew(false)}
            onCreated={({ id }) => {
              setIsNew(false)
              setText('')
              void navigate({ to: '/chats/$chatId', params: { chatId: id } })
            }}
          />
        </Suspense>
      )}
    </>
  )
}

type FoundChatsProps = {
  q: string
  items: readonly Chat[]
  user: User
  chatId: string | undefined
  search: ChatsSearch
}

/** The results of a search: chats by name, and messages by their words. */
function FoundChats({ q, items, user, chatId, search }: FoundChatsProps) {
  const words = q.toLocaleLowerCase()
  const named = items.filter((chat) => chatName(chat, user.id).toLocaleLowerCase().includes(words))
  return (
    <div className="flex flex-col gap-4">
      {named.length > 0 && (
        <section>
          <h3 className="px-4 pb-1 text-sm text-ink-3">{m.chats_found_chats()}</h3>
          <ChatList chats={named} {...{ user, chatId, search }} />
        </section>
      )}
      <section>
        <h3 className="px-4 pb-1 text-sm text-ink-3">{m.chats_found_messages()}</h3>
        <FoundMessages {...{ q, items, user, search }} isAloneInPage={named.length === 0} />
      </section>
    </div>
  )
}

/** Takes the place of a chat beside the list. */
export function NoChatChosen() {
  const { items } = useStore(live.realtime().chats)
  return (
    <div className="grid flex-1 place-items-center">
      {items.length > 0 && (
        <EmptyState icon={<MessagesSquare />} title={m.chats_choose_title()} text={m.chats_choose_text()} />
      )}
    </div>
  )
}
