import type { ChatHandle, ChatSnapshot, Message, OutgoingMessage, User } from '@muster/client'
import { ArrowDown, ArrowUp, MessageCircle } from 'lucide-react'
import {
  type FocusEvent,
  type KeyboardEvent,
  type PointerEvent,
  type Ref,
  useEffect,
  useEffectEvent,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from 'react'
import { errorSentence } from '../../lib/errors.ts'
import { m } from '../../paraglide/messages.js'
import { CountBadge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { toast } from '../../ui/toast.tsx'
import { dayLabel } from '../notifications/day-label.ts'
import { isUnread, logItems } from './log-items.ts'
import { MessageRow, type RowActions } from './message-row.tsx'
import { OutgoingRow } from './outgoing-row.tsx'
import type { Person } from './use-chat.ts'
import { useLogScroll } from './use-log-scroll.ts'

/** The message to show: its number, and which visit of the address asked for it. */
export type Target = { seq: number; visit: string }

export type MessageListHandle = {
  /** Shows the latest messages, after the user sent one. */
  toLatest: () => void
}

type Props = {
  ref: Ref<MessageListHandle>
  handle: ChatHandle
  snapshot: ChatSnapshot & { chat: NonNullable<ChatSnapshot['chat']> }
  user: User
  people: ReadonlyMap<string, Person>
  target: Target | undefined
  onReply: (message: Message) => void
  onEdit: (message: Message) => void
  onRemove: (message: Message) => void
  onReport: (message: Message) => void
  onReact: (message: Message, emoji: string) => void
  onTakeBack: ((item: OutgoingMessage) => void) | undefined
}

/** At the end at most so many messages stay in the page, and around a message that was looked for so many on each side. */
const shownAtEnd = 300
const shownAround = 60
const step = 60

/** The messages that are in the page, by their numbers; null is no bound. */
type Range = { from: number | null; to: number | null }
const everything: Range = { from: null, to: null }

/** The log of a chat: days, what is new, messages, and those that are on their way. */
export function MessageList(props: Props) {
  const { ref, handle, snapshot, user, people, target, onTakeBack } = props
  const { chat, messages, outgoing, hasOlder, readPositions } = snapshot
  const me = user.id
  const isGroup = chat.kind === 'group'
  const box = useRef<HTMLDivElement>(null)
  const [range, setRange] = useState<Range>(everything)
  const [older, setOlder] = useState<{ isLoading: boolean; error?: unknown }>({ isLoading: false })
  const [isLooking, setIsLooking] = useState(false)
  const [targetSeq, setTargetSeq] = useState<number | null>(null)
  const [hovered, setHovered] = useState<string | null>(null)
  const [focused, setFocused] = useState<string | null>(null)
  const isHeld = useRef(false)
  /** What was unread when the chat was opened, for the mark between old and new. */
  const [opened] = useState(() => ({
    after: Math.max(chat.readSeq, chat.joinedSeq),
    count: chat.unreadCount,
    isLoaded: (messages[0]?.seq ?? 0) <= Math.max(chat.readSeq, chat.joinedSeq) + 1 || !hasOlder,
  }))
  const [unread, setUnread] = useState({ isMarked: opened.count > 0, isOffered: opened.count > 0 && !opened.isLoaded })

  const shown = useMemo(
    () => messages.filter(({ seq }) => seq >= (range.from ?? 0) && seq <= (range.to ?? Number.POSITIVE_INFINITY)),
    [messages, range],
  )
  const isWhole = range.to === null
  const items = useMemo(
    () => logItems(shown, { me, timeZone: user.timezone, unreadAfter: unread.isMarked ? opened.after : null }),
    [shown, me, user.timezone, unread.isMarked, opened],
  )
  const byId = useMemo(() => new Map(messages.map((message) => [message.id, message])), [messages])

  async function loadOlder(): Promise<void> {
    if (older.isLoading) return
    setOlder({ isLoading: true })
    try {
      await handle.loadOlder()
      setOlder({ isLoading: false })
    } catch (error) {
      setOlder({ isLoading: false, error })
    }
  }

  const scroll = useLogScroll({
    box,
    // A chat opens at the message of the address, else at the first unread one, else at its end.
    start: target ? `[data-seq="${target.seq}"]` : unread.isMarked && !unread.isOffered ? '[data-unread]' : undefined,
    isWhole,
    onNearStart() {
      const first = messages[0]?.seq ?? 0
      if (range.from !== null && range.from > first) setRange({ ...range, from: Math.max(first, range.from - step) })
      else if (hasOlder && !older.isLoading && !older.error && !isLooking) void loadOlder()
    },
    onNearEnd() {
      const last = messages.at(-1)?.seq ?? 0
      if (range.to !== null) setRange({ ...range, to: range.to + step >= last ? null : range.to + step })
    },
    onSeen: (seq) => handle.read(isWhole && seq === shown.at(-1)?.seq ? undefined : seq),
  })

  function toLatest(): void {
    scroll.goToEnd()
    const last = messages.at(-1)?.seq ?? 0
    setRange({ from: last > shownAtEnd ? last - shownAtEnd : null, to: null })
    setUnread((now) => ({ ...now, isMarked: false }))
    setFocused(null)
  }
  useImperativeHandle(ref, () => ({ toLatest }))

  /** Leads to a message, also one that is not loaded yet. */
  async function jump(seq: number): Promise<void> {
    if ((messages[0]?.seq ?? 0) > seq && hasOlder) {
      setIsLooking(true)
      try {
        await handle.loadOlder(seq)
      } catch (error) {
        scroll.stay()
        toast({ kind: 'error', title: errorSentence(error) })
        return
      } finally {
        setIsLooking(false)
      }
    }
    const { messages: loaded } = handle.getSnapshot()
    const found = loaded.find((message) => message.seq >= seq)
    if (!found || loaded[0] === undefined || loaded[0].seq > seq) {
      scroll.stay()
      toast({ kind: 'error', title: m.chats_gone_message() })
      return
    }
    const last = loaded.at(-1)?.seq ?? 0
    const isNearEnd = last - seq < shownAtEnd / 2
    setRange({ from: seq - shownAround, to: isNearEnd ? null : seq + shownAround })
    setTargetSeq(found.seq)
    scroll.goTo(`[data-seq="${found.seq}"]`, () => {
      box.current?.querySelector<HTMLElement>(`[data-seq="${found.seq}"]`)?.focus({ preventScroll: true })
    })
  }

  const { seq: wantedSeq, visit } = target ?? {}
  const lead = useEffectEvent((seq: number) => void jump(seq))
  useEffect(() => {
    if (wantedSeq !== undefined) lead(wantedSeq)
  }, [wantedSeq, visit])
  // The highlight of the message to show fades.
  useEffect(() => {
    if (targetSeq === null) return
    const timer = setTimeout(() => setTargetSeq(null), 2_500)
    return () => clearTimeout(timer)
  }, [targetSeq])
  // A chat that stays open for days keeps only its end in the page.
  const { isAtEnd } = scroll
  useEffect(() => {
    if (isAtEnd && shown.length > shownAtEnd * 2) setRange({ from: shown.at(-shownAtEnd)?.seq ?? null, to: null })
  }, [isAtEnd, shown])

  const latest = useRef({ props, jump })
  latest.current = { props, jump }
  const actions = useMemo<RowActions>(
    () => ({
      handle,
      reply: (message) => latest.current.props.onReply(message),
      edit: (message) => latest.current.props.onEdit(message),
      remove: (message) => latest.current.props.onRemove(message),
      report: (message) => latest.current.props.onReport(message),
      react: (message, emoji) => latest.current.props.onReact(message, emoji),
      jump: (seq) => void latest.current.jump(seq),
      hold(isOpen) {
        isHeld.current = isOpen
      },
    }),
    [handle],
  )

  const idAt = (target: EventTarget) => (target as Element).closest?.('[data-message]')?.getAttribute('data-message')
  function point({ target, pointerType }: PointerEvent): void {
    const id = idAt(target)
    if (pointerType === 'mouse' && id && id !== hovered && !isHeld.current) setHovered(id)
  }
  function focus({ target }: FocusEvent): void {
    const id = idAt(target)
    if (id) setFocused(id)
  }
  function move(event: KeyboardEvent): void {
    const { key, target } = event
    if (!(target instanceof HTMLElement) || target.dataset.message === undefined) return
    const all = [...(box.current?.querySelectorAll<HTMLElement>('[data-message]') ?? [])]
    const at = all.indexOf(target)
    const next = { ArrowUp: all[at - 1], ArrowDown: all[at + 1], Home: all[0], End: all.at(-1) }[key]
    if (!next) return
    event.preventDefault()
    next.focus()
    next.scrollIntoView({ block: 'nearest' })
  }

  const readers = useMemo(
    () => Object.entries(readPositions).flatMap(([id, seq]) => (id === me ? [] : [seq])),
    [readPositions, me],
  )
  const stopId = focused !== null && byId.has(focused) ? focused : shown.at(-1)?.id
  const newCount = messages.filter((message) => isUnread(message, chat.readSeq, me)).length
  return (
    <div className="relative min-h-0 flex-1">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: its messages get the pointer and the focus */}
      <div
        ref={box}
        onPointerOver={point}
        onPointerLeave={() => !isHeld.current && setHovered(null)}
        onFocus={focus}
        onKeyDown={move}
        className="flex h-full flex-col-reverse overflow-x-hidden overflow-y-auto overscroll-contain [overflow-anchor:none]"
      >
        <div
          role="log"
          aria-label={m.chats_messages()}
          // Pages of old messages are no news.
          aria-live={older.isLoading || isLooking || !isWhole ? 'off' : 'polite'}
          className="px-2 pt-4 pb-2 sm:px-4"
        >
          <LogStart
            hasOlder={hasOlder || (range.from !== null && range.from > (messages[0]?.seq ?? 0))}
            isLoading={older.isLoading || isLooking}
            error={older.error}
            onLoad={loadOlder}
          />
          {messages.length === 0 && outgoing.length === 0 && (
            <EmptyState
              icon={<MessageCircle />}
              title={m.chats_no_messages_title()}
              text={m.chats_no_messages_text()}
            />
          )}
          {items.map((item) =>
            item.kind === 'day' ? (
              <h3 key={item.key} className="my-3 text-center text-sm font-medium text-ink-3">
                {dayLabel(item.day, user.timezone)}
              </h3>
            ) : item.kind === 'unread' ? (
              <div
                key={item.key}
                data-unread
                className="my-3 flex items-center gap-3 text-sm font-medium text-accent before:h-px before:flex-1 before:bg-accent/40 after:h-px after:flex-1 after:bg-accent/40"
              >
                {m.chats_new_messages()}
              </div>
            ) : (
              <MessageRow
                key={item.key}
                message={item.message}
                quoted={item.message.replyTo ? byId.get(item.message.replyTo.id) : undefined}
                {...{ me, people, isGroup, actions }}
                timeZone={user.timezone}
                isFirst={item.isFirst}
                isActive={item.message.id === hovered || item.message.id === focused}
                isTabStop={item.message.id === stopId}
                isTarget={item.message.seq === targetSeq}
                readCount={
                  item.message.sender.id === me ? readers.filter((seq) => seq >= item.message.seq).length : null
                }
                isWritable={chat.writable}
                isAdmin={chat.role === 'admin'}
              />
            ),
          )}
          {isWhole && outgoing.map((item) => <OutgoingRow key={item.clientId} {...{ item, handle, onTakeBack }} />)}
        </div>
      </div>
      {isLooking && (
        <p
          role="status"
          className="absolute inset-x-0 top-3 mx-auto flex w-fit items-center gap-2 rounded-full border border-line bg-surface px-4 py-1.5 text-sm shadow-md"
        >
          <Spinner className="size-4" />
          {m.chats_looking()}
        </p>
      )}
      {unread.isOffered && !isLooking && !items.some(({ kind }) => kind === 'unread') && (
        <div className="absolute inset-x-0 top-3 flex justify-center">
          <Button
            size="sm"
            icon={<ArrowUp aria-hidden="true" />}
            onClick={() => {
              setUnread({ isMarked: true, isOffered: false })
              void jump(opened.after + 1)
            }}
            className="rounded-full shadow-md"
          >
            {opened.count > 99 ? m.chats_to_unread_many() : m.chats_to_unread({ count: opened.count })}
          </Button>
        </div>
      )}
      {!isAtEnd && (
        <div className="absolute end-4 bottom-3">
          <IconButton
            variant="secondary"
            label={m.chats_to_latest()}
            icon={<ArrowDown aria-hidden="true" />}
            onClick={toLatest}
            className="rounded-full shadow-md"
          />
          <span className="pointer-events-none absolute -end-1 -top-2">
            <CountBadge count={newCount} label={m.chats_unread({ count: newCount })} />
          </span>
        </div>
      )}
    </div>
  )
}

type LogStartProps = { hasOlder: boolean; isLoading: boolean; error: unknown; onLoad: () => Promise<void> }

/** The upper end of the log, when there are older messages. */
function LogStart({ hasOlder, isLoading, error, onLoad }: LogStartProps) {
  if (!hasOlder) return null
  return (
    <div className="flex min-h-14 flex-col items-center justify-center gap-2 pb-3 text-center">
      {error !== undefined && (
        <p role="alert" className="text-sm text-danger">
          {m.chats_older_failed({ reason: errorSentence(error) })}
        </p>
      )}
      <Button size="sm" variant="ghost" isPending={isLoading} onClick={() => void onLoad()}>
        {error === undefined ? m.chats_load_older() : m.ui_retry()}
      </Button>
    </div>
  )
}
