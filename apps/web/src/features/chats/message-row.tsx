import type { ChatHandle, Message } from '@muster/client'
import { Check, CheckCheck } from 'lucide-react'
import { memo, type ReactNode } from 'react'
import { formatInstant, formatTime } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { Avatar } from '../../ui/avatar.tsx'
import { cx } from '../../ui/cx.ts'
import { MessageActions } from './message-actions.tsx'
import { MessageBody } from './message-body.tsx'
import { MessageFiles } from './message-files.tsx'
import { previewOf } from './names.ts'
import { ReactionChips } from './reactions.tsx'
import type { Person } from './use-chat.ts'

/** The actions of the messages of a list; the same object for as long as the list stands. */
export type RowActions = {
  handle: ChatHandle
  reply: (message: Message) => void
  edit: (message: Message) => void
  remove: (message: Message) => void
  report: (message: Message) => void
  react: (message: Message, emoji: string) => void
  jump: (seq: number) => void
  /** Keeps the actions of a message in the page while something of them is open. */
  hold: (isOpen: boolean) => void
}

export type MessageRowProps = {
  message: Message
  /** The newest state of the message to which it replies, when the page has it. */
  quoted: Message | undefined
  me: string
  people: ReadonlyMap<string, Person>
  timeZone: string
  isGroup: boolean
  /** Begins a run of messages of one sender. */
  isFirst: boolean
  /** Its actions are in the page. */
  isActive: boolean
  isTabStop: boolean
  /** The message to show, which is highlighted. */
  isTarget: boolean
  /** How many others have read an own message; null for messages of others. */
  readCount: number | null
  isWritable: boolean
  isAdmin: boolean
  actions: RowActions
}

/** One message in the log. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, me, people, timeZone, isGroup, isFirst, isActive, isTabStop, isTarget, actions } = props
  const { id, seq, sender, deletedAt, createdAt } = message
  const isOwn = sender.id === me
  return (
    <article
      data-message={id}
      data-seq={seq}
      tabIndex={isTabStop ? 0 : -1}
      aria-label={`${isOwn ? m.chats_you() : sender.name}, ${formatTime(createdAt, timeZone)}`}
      className={cx(
        'group/message relative flex scroll-my-4 gap-2.5 rounded-lg px-1 outline-offset-0 motion-safe:transition-colors motion-safe:duration-500',
        isFirst ? 'pt-2.5' : 'pt-0.5',
        isOwn && 'flex-row-reverse',
        isTarget && 'bg-accent-soft',
      )}
    >
      {isGroup && !isOwn && (
        <span className="w-8 shrink-0">
          {isFirst && <Avatar name={sender.name} url={sender.avatarUrl} size="sm" />}
        </span>
      )}
      <div
        className={cx(
          'relative flex max-w-[86%] min-w-0 flex-col gap-1 md:max-w-[min(36rem,calc(100%-8rem))]',
          isOwn ? 'items-end' : 'items-start',
        )}
      >
        {isGroup && !isOwn && isFirst && (
          <bdi className="max-w-full truncate px-1 text-sm font-medium text-ink-2">{sender.name}</bdi>
        )}
        <Bubble isOwn={isOwn} isDeleted={deletedAt !== null}>
          {deletedAt === null ? <Content {...props} /> : <p className="text-ink-3 italic">{m.chats_deleted()}</p>}
          <Meta {...props} isOwn={isOwn} />
        </Bubble>
        <ReactionChips {...{ message, me, people }} isDisabled={!props.isWritable} onToggle={actions.react} />
        {isActive && deletedAt === null && <MessageActions {...props} isOwn={isOwn} />}
      </div>
    </article>
  )
})

/** The box around the text of a message. */
export const Bubble = ({
  isOwn,
  isDeleted,
  children,
}: {
  isOwn: boolean
  isDeleted?: boolean
  children: ReactNode
}) => (
  <div
    className={cx(
      'max-w-full rounded-xl border px-3.5 py-2',
      isDeleted ? 'border-line border-dashed' : isOwn ? 'border-transparent bg-accent-soft' : 'border-line bg-surface',
    )}
  >
    {children}
  </div>
)

function Content({ message, quoted, me, actions }: MessageRowProps) {
  const { body, attachments, replyTo, mentions } = message
  return (
    <>
      {replyTo && <Quote quote={replyTo} quoted={quoted} me={me} onJump={actions.jump} />}
      {attachments.length > 0 && <MessageFiles files={attachments} />}
      {body !== null && <MessageBody body={body} mentions={mentions.length > 0} />}
    </>
  )
}

type QuoteProps = {
  quote: NonNullable<Message['replyTo']>
  quoted: Message | undefined
  me: string
  onJump: (seq: number) => void
}

function Quote({ quote: { seq, hidden, sender, body }, quoted, me, onJump }: QuoteProps) {
  const look =
    'mb-1.5 block w-full rounded-md border-s-3 border-accent bg-raised/70 px-2.5 py-1 text-start text-[0.9375rem]'
  if (hidden || !sender) return <p className={cx(look, 'text-ink-3 italic')}>{m.chats_quote_hidden()}</p>
  const name = sender.id === me ? m.chats_you() : sender.name
  const text = quoted ? previewOf(quoted) : body
  return (
    <button type="button" onClick={() => onJump(seq)} className={cx(look, 'hover:bg-raised')}>
      <span className="sr-only">{m.chats_in_reply_to()} </span>
      <bdi className="block truncate text-sm font-medium text-accent">{name}</bdi>
      <span dir="auto" className="line-clamp-2 break-words text-ink-2">
        {text ?? m.chats_quote_without_text()}
      </span>
    </button>
  )
}

function Meta({ message, timeZone, isGroup, readCount, isOwn }: MessageRowProps & { isOwn: boolean }) {
  const { createdAt, editedAt, deletedAt } = message
  return (
    <p className="mt-0.5 flex items-center justify-end gap-1.5 text-xs text-ink-3">
      {editedAt !== null && deletedAt === null && <span>{m.chats_edited()}</span>}
      <time dateTime={createdAt} title={formatInstant(createdAt, { timeZone, dateStyle: 'full', timeStyle: 'medium' })}>
        {formatTime(createdAt, timeZone)}
      </time>
      {isOwn && deletedAt === null && <Receipt readCount={readCount ?? 0} isGroup={isGroup} />}
    </p>
  )
}

function Receipt({ readCount, isGroup }: { readCount: number; isGroup: boolean }) {
  const isRead = readCount > 0
  const Icon = isRead ? CheckCheck : Check
  const label = !isRead ? m.chats_sent() : isGroup ? m.chats_read_by({ count: readCount }) : m.chats_read()
  return (
    <span data-tooltip={label} className={cx('inline-flex items-center gap-0.5', isRead && 'text-accent')}>
      <Icon aria-hidden="true" className="size-4" />
      {isGroup && isRead && (
        <span aria-hidden="true" className="tabular-nums">
          {readCount}
        </span>
      )}
      <span className="sr-only">{label}</span>
    </span>
  )
}
