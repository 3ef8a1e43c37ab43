import type { Task, User } from '@muster/client'
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { BellRing, Flame, Inbox } from 'lucide-react'
import type { ReactNode } from 'react'
import { dayOf, formatDay, formatRelative } from '../../lib/dates.ts'
import { useInSteps } from '../../lib/in-steps.ts'
import { live } from '../../lib/live-muster.ts'
import { useStore } from '../../lib/use-store.ts'
import { m } from '../../paraglide/messages.js'
import { ButtonLink } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { cx } from '../../ui/cx.ts'
import { ErrorState } from '../../ui/error-state.tsx'
import { Page } from '../../ui/page.tsx'
import { Skeleton, SkeletonText } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { streaksQuery } from '../analytics/queries.ts'
import { nextRemindersQuery } from '../reminders/queries.ts'
import { useLiveLists } from './cache.ts'
import { dueText } from './due-text.tsx'
import { isOverdue } from './labels.ts'
import { useHiddenTasks } from './mutations.ts'
import { listQueryOf, someTasksQuery } from './queries.ts'
import { QuickAdd } from './quick-add.tsx'
import { TaskListSkeleton } from './task-list-skeleton.tsx'
import { minuteNow, TaskRow } from './task-row.tsx'

const maxTasks = 20
const maxAside = 5

/** What matters today: overdue and due tasks, the next reminders, what is unread, and the streak. */
export function TodayPage({ user }: { user: User }) {
  useLiveLists()
  const timeZone = user.timezone
  const today = dayOf(new Date(), timeZone)
  const overdue = useQuery(someTasksQuery(listQueryOf({ due: 'overdue' }, timeZone), maxTasks))
  const due = useQuery(someTasksQuery(listQueryOf({ from: today, to: today }, timeZone), maxTasks))
  const reminders = useQuery(nextRemindersQuery(maxAside))
  const isKnown = useInSteps(!overdue.isPending && !due.isPending)
  function tellElsewhere({ id, title, dueDate }: Task) {
    if (dueDate !== null && dayOf(dueDate, timeZone) === today) return
    toast({
      kind: 'success',
      title: m.tasks_added({ title }),
      text: dueDate === null ? m.tasks_due_none() : dueText(dueDate, timeZone),
      action: { label: m.tasks_open_task(), href: `/tasks/${id}` },
    })
  }
  const date = formatDay(today, { weekday: 'long', day: 'numeric', month: 'long' })
  return (
    <Page title={m.shell_today()} description={date}>
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <div className="flex flex-col gap-6">
          <QuickAdd timeZone={timeZone} isForToday onAdded={tellElsewhere} />
          {isKnown ? (
            <>
              {(overdue.data?.length ?? 0) > 0 && (
                <TaskCard
                  title={m.tasks_overdue()}
                  tasks={overdue}
                  timeZone={timeZone}
                  more={
                    <Link to="/tasks" search={{ due: 'overdue' }} className="link">
                      {m.tasks_show_all()}
                    </Link>
                  }
                />
              )}
              <TaskCard
                title={m.tasks_today_due()}
                tasks={due}
                // Tasks that were due earlier today stand in the card above.
                isShown={(task) => !isOverdue(task)}
                timeZone={timeZone}
                empty={
                  <p className="flex flex-wrap items-center gap-3 px-5 pb-5 text-ink-2 sm:px-6">
                    {m.tasks_today_empty()}
                    <ButtonLink size="sm" to="/tasks">
                      {m.tasks_to_list()}
                    </ButtonLink>
                  </p>
                }
                more={
                  <Link to="/tasks" search={{ from: today, to: today }} className="link">
                    {m.tasks_show_all()}
                  </Link>
                }
              />
            </>
          ) : (
            <Card title={m.tasks_today_due()} isFlush className="overflow-hidden">
              <TaskListSkeleton rows={3} />
            </Card>
          )}
        </div>
        {/* On a narrow screen these cards stand below, and would move when the tasks arrive. */}
        <div className={cx('flex flex-col gap-6', !isKnown && 'max-lg:hidden')}>
          <StreakCard />
          <RemindersCard timeZone={timeZone} />
          {!reminders.isPending && <UnreadCard />}
        </div>
      </div>
    </Page>
  )
}

type TaskCardProps = {
  title: string
  tasks: UseQueryResult<Task[]>
  timeZone: string
  isShown?: (task: Task) => boolean
  empty?: ReactNode
  more: ReactNode
}

function TaskCard({ title, tasks, timeZone, isShown = () => true, empty, more }: TaskCardProps) {
  const hidden = useHiddenTasks()
  const shown = tasks.data?.filter((task) => !hidden.has(task.id) && isShown(task)) ?? []
  return (
    <Card title={title} actions={(tasks.data?.length ?? 0) >= maxTasks && more} isFlush className="overflow-hidden">
      {tasks.isError && <ErrorState error={tasks.error} onRetry={() => tasks.refetch()} className="py-6" />}
      {tasks.isSuccess && shown.length === 0 && empty}
      <ul className="[&>li:last-child>div]:border-b-0">
        {shown.map((task) => (
          <li key={task.id}>
            <TaskRow task={task} timeZone={timeZone} minute={minuteNow()} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

function StreakCard() {
  const streaks = useQuery(streaksQuery)
  return (
    <Card title={m.tasks_streak()}>
      {streaks.isPending && <Skeleton className="h-12" />}
      {streaks.isError && <ErrorState error={streaks.error} onRetry={() => streaks.refetch()} className="py-2" />}
      {streaks.data && (
        <div className="flex min-h-12 items-center gap-3">
          <Flame aria-hidden="true" className={streaks.data.active > 0 ? 'size-8 text-warning' : 'size-8 text-ink-3'} />
          <div>
            <p className="text-lg font-semibold">{m.tasks_streak_days({ count: streaks.data.active })}</p>
            <p className="text-sm text-ink-3">{m.tasks_streak_longest({ count: streaks.data.longest })}</p>
          </div>
        </div>
      )}
    </Card>
  )
}

function RemindersCard({ timeZone }: { timeZone: string }) {
  const reminders = useQuery(nextRemindersQuery(maxAside))
  return (
    <Card title={m.tasks_next_reminders()}>
      {reminders.isPending && <SkeletonText lines={3} />}
      {reminders.isError && <ErrorState error={reminders.error} onRetry={() => reminders.refetch()} className="py-2" />}
      {reminders.data?.length === 0 && <p className="text-[0.9375rem] text-ink-3">{m.tasks_no_reminders()}</p>}
      <ul className="flex flex-col gap-3">
        {reminders.data?.map(({ id, taskId, scheduledAt, task, message }) => (
          <li key={id} className="flex gap-2.5">
            <BellRing aria-hidden="true" className="mt-1 size-4 shrink-0 text-accent" />
            <Link to="/tasks/$taskId" params={{ taskId }} preload={false} className="min-w-0 rounded-sm">
              <bdi className="line-clamp-2 font-medium break-words">{message ?? task?.title}</bdi>
              <time dateTime={scheduledAt} className="text-sm text-ink-3">
                {dueText(scheduledAt, timeZone)}
              </time>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function UnreadCard() {
  const notifications = live.realtime().notifications
  const inbox = useStore(notifications)
  const unread = inbox.items.filter(({ isRead }) => !isRead).slice(0, maxAside)
  return (
    <Card
      title={m.tasks_unread()}
      actions={
        inbox.unreadCount > 0 && (
          <Link to="/inbox" className="link text-sm">
            {m.tasks_unread_all({ count: inbox.unreadCount })}
          </Link>
        )
      }
    >
      {inbox.status === 'failed' && (
        <ErrorState
          error={inbox.error}
          onRetry={() => notifications.reload().catch(() => undefined)}
          className="py-2"
        />
      )}
      {inbox.status !== 'ready' && inbox.status !== 'failed' && unread.length === 0 && <SkeletonText lines={3} />}
      {inbox.status === 'ready' && unread.length === 0 && (
        <p className="flex items-center gap-2 text-[0.9375rem] text-ink-3">
          <Inbox aria-hidden="true" className="size-4" />
          {m.tasks_unread_none()}
        </p>
      )}
      <ul className="flex flex-col gap-3">
        {unread.map(({ id, title, message, createdAt }) => (
          <li key={id} className="min-w-0">
            <bdi className="line-clamp-1 font-medium">{title}</bdi>
            <p dir="auto" className="line-clamp-2 text-sm break-words text-ink-2">
              {message}
            </p>
            <time dateTime={createdAt} className="text-sm text-ink-3">
              {formatRelative(createdAt)}
            </time>
          </li>
        ))}
      </ul>
    </Card>
  )
}
