import type { Reminder, Task, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Bell, ChevronLeft, ChevronRight, Clock, EllipsisVertical } from 'lucide-react'
import { type KeyboardEvent, useRef } from 'react'
import { addDays, type Day, dayOf, formatDay, formatTime, instantOf, rangeOf, timeOf } from '../../lib/dates.ts'
import { useInSteps } from '../../lib/in-steps.ts'
import { m } from '../../paraglide/messages.js'
import { Button, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/cx.ts'
import { ErrorState } from '../../ui/error-state.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Page } from '../../ui/page.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { toast } from '../../ui/toast.tsx'
import { remindersBetweenQuery } from '../reminders/queries.ts'
import { reloadLists, useLiveLists } from './cache.ts'
import { type CalendarView, clockChangeOf, daysOf, stepOf } from './calendar-days.ts'
import { useDraggable, useDropTarget } from './drag.ts'
import { dueText } from './due-text.tsx'
import { isOverdue } from './labels.ts'
import { changeQuickly, useHiddenTasks } from './mutations.ts'
import { listQueryOf, someTasksQuery } from './queries.ts'

/** So many tasks are shown in one view at most. */
const maxTasks = 500
/** So many entries of a day are shown in the view of a month. */
const maxOfDay = 4

export type CalendarSearch = { view?: CalendarView | undefined; day?: Day | undefined }
type Props = { search: CalendarSearch; user: User; onSearch: (search: CalendarSearch) => void }

/** Due dates and reminders by month or week, in the person's zone. */
export function CalendarPage({ search, user, onSearch }: Props) {
  useLiveLists()
  const timeZone = user.timezone
  const today = dayOf(new Date(), timeZone)
  const view = search.view ?? 'month'
  const anchor = search.day ?? today
  const days = daysOf(view, anchor)
  const first = days[0] as Day
  const last = days.at(-1) as Day
  const tasks = useQuery(someTasksQuery(listQueryOf({ status: 'all', from: first, to: last }, timeZone), maxTasks))
  const from = rangeOf(first, timeZone).from.toISOString()
  const to = rangeOf(last, timeZone).to.toISOString()
  const reminders = useQuery(remindersBetweenQuery(from, to))
  const isShown = useInSteps(!tasks.isPending)
  const hidden = useHiddenTasks()
  const byDay = new Map<Day, Task[]>()
  for (const task of tasks.data ?? []) {
    if (task.dueDate === null || hidden.has(task.id)) continue
    const day = dayOf(task.dueDate, timeZone)
    byDay.set(day, [...(byDay.get(day) ?? []), task])
  }
  const remindersByDay = Map.groupBy(
    (reminders.data ?? []).filter(({ status }) => status === 'pending' || status === 'sent'),
    ({ scheduledAt }) => dayOf(scheduledAt, timeZone),
  )
  async function moveTo(task: Task, day: Day) {
    if (task.dueDate === null || dayOf(task.dueDate, timeZone) === day) return
    const dueDate = instantOf(day, timeOf(task.dueDate, timeZone), timeZone).toISOString()
    if (!(await changeQuickly(task, { dueDate }))) return
    reloadLists()
    toast({
      kind: 'success',
      title: m.calendar_moved({ title: task.title, time: dueText(dueDate, timeZone) }),
      action: {
        label: m.tasks_undo(),
        onClick: () => void changeQuickly({ ...task, dueDate }, { dueDate: task.dueDate }).then(reloadLists),
      },
    })
  }
  const dropOn = (id: string, day: Day) => {
    const task = tasks.data?.find((one) => one.id === id)
    if (task) void moveTo(task, day)
  }
  const title =
    view === 'month'
      ? formatDay(anchor, { month: 'long', year: 'numeric' })
      : m.calendar_range({
          from: formatDay(first, { day: 'numeric', month: 'short' }),
          to: formatDay(last, { day: 'numeric', month: 'short', year: 'numeric' }),
        })
  const error = tasks.error ?? reminders.error
  return (
    <Page
      title={title}
      tabTitle={m.shell_calendar()}
      description={m.tasks_zone({ zone: timeZone })}
      actions={
        <>
          <IconButton
            label={m.calendar_previous()}
            icon={<ChevronLeft aria-hidden="true" className="rtl:rotate-180" />}
            onClick={() => onSearch({ ...search, day: stepOf(view, anchor, -1) })}
          />
          <Button size="sm" onClick={() => onSearch({ ...search, day: undefined })}>
            {m.calendar_today()}
          </Button>
          <IconButton
            label={m.calendar_next()}
            icon={<ChevronRight aria-hidden="true" className="rtl:rotate-180" />}
            onClick={() => onSearch({ ...search, day: stepOf(view, anchor, 1) })}
          />
          <Button size="sm" onClick={() => onSearch({ ...search, view: view === 'month' ? 'week' : undefined })}>
            {view === 'month' ? m.calendar_week() : m.calendar_month()}
          </Button>
        </>
      }
    >
      {error && <ErrorState error={error} onRetry={() => Promise.all([tasks.refetch(), reminders.refetch()])} />}
      {(tasks.data?.length ?? 0) >= maxTasks && <Notice tone="warning">{m.calendar_truncated()}</Notice>}
      {isShown ? (
        <>
          <div
            aria-hidden="true"
            className="hidden grid-cols-7 pb-2 text-center text-sm font-medium text-ink-3 md:grid"
          >
            {days.slice(0, 7).map((day) => (
              <span key={day}>{formatDay(day, { weekday: 'short' })}</span>
            ))}
          </div>
          <ol className="grid gap-px overflow-hidden rounded-xl border border-line bg-line md:grid-cols-7">
            {days.map((day) => (
              <DayCell
                key={day}
                {...{ day, view, timeZone }}
                isToday={day === today}
                isOutside={view === 'month' && day.slice(0, 7) !== anchor.slice(0, 7)}
                tasks={byDay.get(day) ?? []}
                reminders={remindersByDay.get(day) ?? []}
                onDropId={(id) => dropOn(id, day)}
                onMove={(task, step) => void moveTo(task, addDays(day, step))}
              />
            ))}
          </ol>
          <p className="mt-3 text-sm text-ink-3">{m.calendar_keys()}</p>
        </>
      ) : (
        <Skeleton className="h-[36rem] rounded-xl" />
      )}
    </Page>
  )
}

type DayCellProps = {
  day: Day
  view: CalendarView
  timeZone: string
  isToday: boolean
  isOutside: boolean
  tasks: readonly Task[]
  reminders: readonly Reminder[]
  onDropId: (id: string) => void
  onMove: (task: Task, days: number) => void
}

function DayCell(props: DayCellProps) {
  const { day, view, timeZone, isToday, isOutside, tasks, reminders, onDropId, onMove } = props
  const ref = useRef<HTMLLIElement>(null)
  const isOver = useDropTarget(ref, onDropId)
  const navigate = useNavigate()
  const change = clockChangeOf(day, timeZone)
  const limit = view === 'month' ? maxOfDay : Number.POSITIVE_INFINITY
  const entries = inOrder(tasks, reminders)
  const rest = entries.length - limit
  const isEmpty = entries.length === 0
  return (
    <li
      ref={ref}
      className={cx(
        'min-w-0 flex-col gap-1 p-1.5',
        view === 'month' ? 'md:min-h-30' : 'md:min-h-[28rem]',
        isOver ? 'bg-accent-soft' : isOutside ? 'bg-canvas' : 'bg-surface',
        // Where the days stand below each other, those without entries would be a long way to scroll.
        isEmpty && !isToday && change === 0 && view === 'month' ? 'hidden md:flex' : 'flex',
      )}
    >
      <span className="flex flex-wrap items-center justify-between gap-1">
        <time
          dateTime={day}
          aria-current={isToday ? 'date' : undefined}
          className={cx(
            'grid h-7 min-w-7 place-items-center rounded-full px-1.5 text-sm tabular-nums',
            isToday ? 'bg-accent font-semibold text-accent-ink' : isOutside ? 'text-ink-3' : 'text-ink-2',
          )}
        >
          <span className="md:hidden">{formatDay(day, { weekday: 'long', day: 'numeric', month: 'short' })}</span>
          <span className="hidden md:inline" aria-hidden="true">
            {formatDay(day, { day: 'numeric' })}
          </span>
          <span className="sr-only max-md:hidden">{formatDay(day, { dateStyle: 'full' })}</span>
        </time>
        {change !== 0 && (
          <span className="inline-flex items-center gap-1 rounded-full bg-warning-soft px-2 text-xs text-warning">
            <Clock aria-hidden="true" className="size-3" />
            <span className="sr-only">{change > 0 ? m.calendar_clock_forward() : m.calendar_clock_back()}</span>
            <bdi aria-hidden="true">{`${change > 0 ? '+' : '−'}${Math.abs(change)} min`}</bdi>
          </span>
        )}
      </span>
      <ul className="flex min-w-0 flex-col gap-1">
        {entries
          .slice(0, limit)
          .map(({ task, reminder }) =>
            reminder ? (
              <ReminderEntry key={reminder.id} {...{ reminder, timeZone }} />
            ) : (
              <TaskEntry key={task.id} {...{ task, view, timeZone }} onMove={(step) => onMove(task, step)} />
            ),
          )}
      </ul>
      {rest > 0 && (
        <button
          type="button"
          onClick={() => void navigate({ to: '/calendar', search: { view: 'week', day } })}
          className="min-h-6 rounded-sm px-1.5 text-start text-sm text-accent hover:underline"
        >
          {m.calendar_more({ count: rest })}
        </button>
      )}
    </li>
  )
}

type Entry = { at: number } & ({ task: Task; reminder?: never } | { task?: never; reminder: Reminder })

/** Returns the entries of a day in the order of their times. */
const inOrder = (tasks: readonly Task[], reminders: readonly Reminder[]): Entry[] =>
  [
    ...tasks.map((task) => ({ at: Date.parse(task.dueDate ?? ''), task })),
    ...reminders.map((reminder) => ({ at: Date.parse(reminder.scheduledAt), reminder })),
  ].toSorted((one, other) => one.at - other.at)

function ReminderEntry({ reminder, timeZone }: { reminder: Reminder; timeZone: string }) {
  const { taskId, scheduledAt, task, message } = reminder
  const text = message ?? task?.title ?? ''
  const time = formatTime(scheduledAt, timeZone)
  return (
    <li>
      <Link
        to="/tasks/$taskId"
        params={{ taskId }}
        preload={false}
        data-tooltip={`${time} ${text}`}
        className="flex items-center gap-1 rounded-sm px-1.5 py-0.5 text-sm text-ink-2 hover:bg-raised"
      >
        <Bell aria-hidden="true" className="size-3 shrink-0" />
        <span className="sr-only">{m.calendar_reminder()}</span>
        <time dateTime={scheduledAt} className="shrink-0 text-xs text-ink-3">
          {time}
        </time>
        <bdi className="truncate">{text}</bdi>
      </Link>
    </li>
  )
}

const steps: Record<string, number> = { ArrowUp: -7, ArrowDown: 7 }

type EntryProps = { task: Task; view: CalendarView; timeZone: string; onMove: (days: number) => void }

function TaskEntry({ task, view, timeZone, onMove }: EntryProps) {
  const ref = useRef<HTMLLIElement>(null)
  const isDragged = useDraggable(ref, task.id)
  const navigate = useNavigate()
  const open = () => void navigate({ to: '/tasks/$taskId', params: { taskId: task.id } })
  function press(event: KeyboardEvent) {
    if (!event.altKey) return
    const isRtl = document.documentElement.dir === 'rtl'
    const along = { ArrowLeft: isRtl ? 1 : -1, ArrowRight: isRtl ? -1 : 1 }
    const step = { ...steps, ...along }[event.key]
    if (step === undefined) return
    event.preventDefault()
    onMove(step)
  }
  const isDone = task.status === 'completed'
  const time = task.dueDate === null ? '' : formatTime(task.dueDate, timeZone)
  return (
    <li
      ref={ref}
      onKeyDown={press}
      className={cx(
        'group/entry relative flex min-w-0 items-center rounded-sm px-1.5 text-sm md:cursor-grab touch:pe-0',
        isDone ? 'bg-raised text-ink-3' : isOverdue(task) ? 'bg-danger-soft text-danger' : 'bg-accent-soft text-accent',
        isDragged && 'opacity-40',
      )}
    >
      <Link
        to="/tasks/$taskId"
        params={{ taskId: task.id }}
        draggable={false}
        preload={false}
        data-tooltip={`${time} ${task.title}`}
        className="flex min-h-7 min-w-0 flex-1 items-center gap-1 rounded-sm"
      >
        <time
          dateTime={task.dueDate ?? undefined}
          // In the narrow columns of a month the title needs the room; the order of the entries is that of the times.
          className={cx('shrink-0 text-xs', view === 'month' && 'md:max-2xl:sr-only')}
        >
          {time}
        </time>
        <bdi className={cx('truncate', isDone && 'line-through')}>{task.title}</bdi>
      </Link>
      <Menu
        align="end"
        trigger={
          <button
            type="button"
            aria-label={m.calendar_move({ title: task.title })}
            className="end-0.5 grid size-6 shrink-0 place-items-center rounded-sm bg-surface/80 hover:bg-surface md:absolute md:opacity-0 md:group-focus-within/entry:opacity-100 md:group-hover/entry:opacity-100 touch:static touch:size-11 touch:bg-transparent touch:opacity-100"
          >
            <EllipsisVertical aria-hidden="true" className="size-3.5" />
          </button>
        }
        items={[
          { label: m.calendar_open(), onSelect: open },
          { label: m.calendar_earlier(), onSelect: () => onMove(-1) },
          { label: m.calendar_later(), onSelect: () => onMove(1) },
          { label: m.calendar_week_earlier(), onSelect: () => onMove(-7) },
          { label: m.calendar_week_later(), onSelect: () => onMove(7) },
        ]}
      />
    </li>
  )
}
