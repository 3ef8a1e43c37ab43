import type { Chat, ChatHandle, ChatSnapshot, Message, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { DoorClosed } from 'lucide-react'
import { type DragEvent, lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { useInSteps } from '../../lib/in-steps.ts'
import { m } from '../../paraglide/messages.js'
import { ButtonLink } from '../../ui/button.tsx'
import { useConfirm } from '../../ui/confirm.tsx'
import { cx } from '../../ui/cx.ts'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { useIsOffline } from '../shell/use-is-offline.ts'
import { ChatHeader } from './chat-header.tsx'
import { Composer, type ComposerHandle } from './composer.tsx'
import { draftOf } from './drafts.ts'
import { MessageList, type MessageListHandle, type Target } from './message-list.tsx'
import { otherOf } from './names.ts'
import { messageQuery } from './queries.ts'
import { toggleReaction } from './reactions.tsx'
import { ReadOnlyNotice } from './read-only-notice.tsx'
import { isChatId } from './search.ts'
import { TypingLine } from './typing-line.tsx'
import { useChat, usePeople } from './use-chat.ts'

const ReportDialog = lazy(() => import('./report-dialog.tsx'))

type Props = { chatId: string; user: User; target: Target | undefined }

/** One chat: who is in it, its messages, and the field for new ones. */
export function ChatPage({ chatId, user, target }: Props) {
  return isChatId(chatId) ? <KnownChat {...{ chatId, user, target }} /> : <Ended />
}

function KnownChat({ chatId, user, target }: Props) {
  const { handle, snapshot } = useChat(chatId)
  const { status, chat, error } = snapshot
  const isShown = useInSteps(status === 'ready')
  if (status === 'ended') return <Ended />
  if (status === 'failed')
    return (
      <div className="grid flex-1 place-items-center">
        <ErrorState
          error={error}
          onRetry={() => handle.open().catch(() => undefined)}
          action={<ButtonLink to="/chats">{m.chats_to_list()}</ButtonLink>}
        />
      </div>
    )
  if (!isShown || !chat) return <ChatSkeleton chat={chat} user={user} handle={handle} />
  return <OpenChat {...{ handle, user, target }} snapshot={{ ...snapshot, chat }} />
}

type OpenProps = {
  handle: ChatHandle
  snapshot: ChatSnapshot & { chat: Chat }
  user: User
  target: Target | undefined
}

function OpenChat({ handle, snapshot, user, target }: OpenProps) {
  const { chat, messages, typing } = snapshot
  const people = usePeople(chat, messages)
  const other = otherOf(chat, user.id)
  const isOffline = useIsOffline()
  const confirm = useConfirm()
  const list = useRef<MessageListHandle>(null)
  const composer = useRef<ComposerHandle>(null)
  const [reply, setReply] = useStoredReply(chat.id, user.id, messages)
  const [editing, setEditing] = useState<Message | null>(null)
  const [reported, setReported] = useState<Message | null>(null)
  const [isEmpty, setIsEmpty] = useState(true)
  const [isOver, setIsOver] = useState(false)
  const onEmptyChange = useCallback((next: boolean) => setIsEmpty(next), [])
  // The field gets the focus; on a touch screen its keyboard would cover the messages.
  useEffect(() => {
    if (matchMedia('(pointer: fine)').matches && target === undefined) composer.current?.focus()
  }, [])
  // The message that is edited may have been changed or deleted meanwhile, on another device.
  const edited = editing && (messages.find(({ id }) => id === editing.id) ?? editing)

  async function remove(message: Message): Promise<void> {
    const isSure = await confirm({
      title: m.chats_delete_title(),
      text: m.chats_delete_text(),
      confirmLabel: m.chats_delete(),
      isDanger: true,
    })
    if (isSure) await handle.delete(message.id).catch((error) => toast({ kind: 'error', title: errorSentence(error) }))
  }
  function drop(event: DragEvent): void {
    event.preventDefault()
    setIsOver(false)
    composer.current?.addFiles([...event.dataTransfer.files])
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files can also be chosen and pasted
    <div
      className={cx('flex min-h-0 flex-1 flex-col', isOver && 'outline-2 -outline-offset-2 outline-accent')}
      onDragOver={(event) => {
        if (!chat.writable || !event.dataTransfer.types.includes('Files')) return
        event.preventDefault()
        setIsOver(true)
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={chat.writable ? drop : undefined}
    >
      <ChatHeader {...{ chat, user, handle }} />
      <MessageList
        ref={list}
        {...{ handle, snapshot, user, people, target }}
        onReply={(message) => {
          setEditing(null)
          setReply(message)
        }}
        onEdit={setEditing}
        onRemove={(message) => void remove(message)}
        onReport={setReported}
        onReact={(message, emoji) => void toggleReaction(handle, message, emoji, user.id)}
        onTakeBack={
          isEmpty && chat.writable
            ? ({ clientId, body = '' }) => {
                handle.discard(clientId)
                composer.current?.fill(body)
              }
            : undefined
        }
      />
      <TypingLine typing={typing} people={people} />
      {chat.writable ? (
        <Composer
          ref={composer}
          {...{ chat, handle, user, messages, people, isOffline, reply, onEmptyChange }}
          onReply={setReply}
          editing={edited?.deletedAt === null ? edited : null}
          onEdit={setEditing}
          onSent={() => list.current?.toLatest()}
        />
      ) : (
        other && <ReadOnlyNotice {...{ other, handle }} />
      )}
      {reported && (
        <Suspense>
          <ReportDialog chat={chat} message={reported} onClose={() => setReported(null)} />
        </Suspense>
      )}
    </div>
  )
}

/** Returns the message to which the unsent text replies, also after a reload, and the function that sets it. */
function useStoredReply(chatId: string, userId: string, messages: readonly Message[]) {
  const [id, setId] = useState(() => draftOf(userId, chatId)?.replyToId)
  const [chosen, setChosen] = useState<Message | null>(null)
  const loaded = messages.find((message) => message.id === id)
  const read = useQuery({ ...messageQuery(chatId, id ?? ''), enabled: id !== undefined && !loaded && !chosen })
  const set = (message: Message | null) => {
    setId(message?.id)
    setChosen(message)
  }
  const found = id === undefined ? null : (loaded ?? chosen ?? read.data ?? null)
  return [found?.deletedAt === null ? found : null, set] as const
}

function Ended() {
  return (
    <div className="grid flex-1 place-items-center">
      <EmptyState
        icon={<DoorClosed />}
        title={m.chats_ended_title()}
        text={m.chats_ended_text()}
        action={<ButtonLink to="/chats">{m.chats_to_list()}</ButtonLink>}
      />
    </div>
  )
}

function ChatSkeleton({ chat, user, handle }: { chat: Chat | undefined; user: User; handle: ChatHandle }) {
  return (
    <>
      {chat ? (
        <ChatHeader {...{ chat, user, handle }} />
      ) : (
        <div className="flex h-16 shrink-0 items-center gap-3 border-b border-line bg-surface px-4">
          <Skeleton className="size-10 rounded-full" />
          <Skeleton className="h-5 w-40" />
        </div>
      )}
      <div role="status" aria-label={m.ui_loading()} className="flex min-h-0 flex-1 flex-col justify-end gap-3 p-4">
        {['w-1/2', 'ms-auto w-2/5', 'w-3/5', 'ms-auto w-1/3', 'w-2/5'].map((width) => (
          <Skeleton key={width} className={cx('h-14 rounded-xl', width)} />
        ))}
      </div>
      <div className="h-17 shrink-0 border-t border-line bg-surface" />
    </>
  )
}
