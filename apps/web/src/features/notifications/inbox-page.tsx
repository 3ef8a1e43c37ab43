import type { Notification, User } from '@muster/client'
import { useNavigate } from '@tanstack/react-router'
import { CheckCheck, Inbox, Trash2 } from 'lucide-react'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { type Day, dayOf, formatTime } from '../../lib/dates.ts'
import { errorSentence } from '../../lib/errors.ts'
import { live } from '../../lib/live-muster.ts'
import { useStore } from '../../lib/use-store.ts'
import { m } from '../../paraglide/messages.js'
import { Button, ButtonLink, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/cx.ts'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { Page } from '../../ui/page.tsx'
import { Select } from '../../ui/select.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { dayLabel } from './day-label.ts'
import { useDeletions } from './deletions.ts'
import { typeLabels } from './labels.ts'
import { ReasonPopover } from './reason-popover.tsx'
import { type InboxSearch, notificationTypes } from './search.ts'
import { targetOf } from './target.ts'

const showError = (error: unknown) => toast({ title: errorSentence(error), kind: 'error' })

type InboxPageProps = { search: InboxSearch; user: User; onSearch: (next: InboxSearch) => void }

/** The notifications, live, by day. `j` and `k` move, Enter opens, `e` and Delete delete, `u` undoes. */
export function InboxPage({ search: { type }, user, onSearch }: InboxPageProps) {
  const inbox = live.realtime().notifications
  const { status, error, items, unreadCount, hasMore } = useStore(inbox)
  const { hidden, remove, undo } = useDeletions()
  const [isBusy, setIsBusy] = useState(false)
  const navigate = useNavigate()
  const list = useRef<HTMLDivElement>(null)
  const shown = items.filter((item) => !hidden.has(item.id) && (type === undefined || item.type === type))

  const rows = () => [...(list.current?.querySelectorAll<HTMLElement>('[data-notification]') ?? [])]
  const present = () => rows().findIndex((row) => row.parentElement?.contains(document.activeElement))

  async function whileBusy(action: () => Promise<void>): Promise<void> {
    setIsBusy(true)
    await action().catch(showError)
    setIsBusy(false)
  }

  function open(notification: Notification): void {
    if (!notification.isRead) inbox.markRead(notification.id).catch(showError)
    const href = targetOf(notification)
    if (href !== undefined) void navigate({ href })
  }

  function removeAt(index: number): void {
    const item = shown[index]
    if (!item) return
    const all = rows()
    const next = all[index + 1] ?? all[index - 1]
    remove(item.id)
    next?.focus()
  }

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    const target = event.target as HTMLElement
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (target.closest('input, textarea, [role=dialog], [role=listbox], [role=menu]')) return
    const index = present()
    if (event.key === 'j') rows()[Math.min(index + 1, shown.length - 1)]?.focus()
    else if (event.key === 'k') rows()[Math.max(index - 1, 0)]?.focus()
    else if (event.key === 'e' || event.key === 'Delete') removeAt(index)
    else if (event.key === 'u') undo()
    else return
    event.preventDefault()
  })
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event)
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])

  return (
    <Page
      title={m.shell_inbox()}
      width="narrow"
      description={<span className="hidden text-sm sm:inline">{m.notifications_keys()}</span>}
      actions={
        <>
          <Select
            size="sm"
            label={m.notifications_filter()}
            value={type ?? 'all'}
            items={[
              { value: 'all', label: m.notifications_all_types() },
              ...notificationTypes.map((value) => ({ value, label: typeLabels[value]() })),
            ]}
            onChange={(value) => onSearch({ type: value === 'all' ? undefined : value })}
          />
          <Button
            size="sm"
            icon={<CheckCheck aria-hidden="true" />}
            isDisabled={unreadCount === 0}
            isPending={isBusy}
            onClick={() => void whileBusy(() => inbox.markAllRead())}
          >
            {m.notifications_mark_all_read()}
          </Button>
        </>
      }
    >
      {status === 'failed' && <ErrorState error={error} onRetry={() => inbox.reload().catch(() => undefined)} />}
      {status !== 'ready' && status !== 'failed' && items.length === 0 && <InboxSkeleton />}
      {status === 'ready' && shown.length === 0 && !hasMore && (
        <EmptyState
          icon={<Inbox />}
          title={type === undefined ? m.notifications_empty_title() : m.notifications_filtered_title()}
          text={m.notifications_empty_text()}
          action={
            type === undefined ? (
              <ButtonLink to="/tasks">{m.notifications_to_tasks()}</ButtonLink>
            ) : (
              <Button onClick={() => onSearch({})}>{m.notifications_show_all()}</Button>
            )
          }
        />
      )}
      <div ref={list} className="flex flex-col gap-6">
        {byDay(shown, user.timezone).map(([day, notifications]) => (
          <section key={day} aria-label={dayLabel(day, user.timezone)}>
            <h2 className="mb-2 text-sm text-ink-2">{dayLabel(day, user.timezone)}</h2>
            <ul className="overflow-hidden rounded-lg border border-line bg-surface">
              {notifications.map((item) => (
                <li key={item.id} className="flex items-start gap-1 border-line p-2 not-last:border-b">
                  <button
                    type="button"
                    data-notification
                    onClick={() => open(item)}
                    className="flex min-w-0 flex-1 gap-3 rounded-sm p-2 text-start hover:bg-raised"
                  >
                    <span
                      className={cx('mt-2 size-2 shrink-0 rounded-full', item.isRead ? 'bg-transparent' : 'bg-accent')}
                    />
                    <span className="min-w-0 flex-1">
                      {!item.isRead && <span className="sr-only">{m.notifications_unread()} </span>}
                      <bdi className={cx('block break-words', !item.isRead && 'font-semibold')}>{item.title}</bdi>
                      <span dir="auto" className="line-clamp-3 text-[0.9375rem] break-words text-ink-2">
                        {item.message}
                      </span>
                      <span className="text-sm text-ink-3">
                        {typeLabels[item.type]()} ·{' '}
                        <time dateTime={item.createdAt}>{formatTime(item.createdAt, user.timezone)}</time>
                      </span>
                    </span>
                  </button>
                  <ReasonPopover notification={item} />
                  <IconButton
                    label={m.notifications_delete({ title: item.title })}
                    hasTooltip={false}
                    icon={<Trash2 aria-hidden="true" />}
                    onClick={() => removeAt(shown.indexOf(item))}
                  />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <LoadMore hasMore={hasMore} isLoading={isBusy} onLoadMore={() => void whileBusy(() => inbox.loadMore())} />
    </Page>
  )
}

function byDay(items: readonly Notification[], timeZone: string): [Day, Notification[]][] {
  const days = new Map<Day, Notification[]>()
  for (const item of items) {
    const day = dayOf(item.createdAt, timeZone)
    days.set(day, [...(days.get(day) ?? []), item])
  }
  return [...days]
}

const InboxSkeleton = () => (
  <div className="flex flex-col gap-2">
    <Skeleton className="h-20" />
    <Skeleton className="h-20" />
    <Skeleton className="h-20" />
  </div>
)
