import type { NewReminder, Task } from '@muster/client'
import { Bell, Pencil, Plus, Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { addDays, dayOf, formatInstant, formatTime, instantOf, wallTimeOf } from '../../lib/dates.ts'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DateTimePicker } from '../../ui/date-time-picker.tsx'
import { Field } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Select } from '../../ui/select.tsx'
import { toast } from '../../ui/toast.tsx'

type TaskReminder = Task['reminders'][number]
type ReminderType = TaskReminder['type']

const offsets = [0, 10, 60, 1_440, 10_080] as const

/** Returns an offset as words: at the due date, or so long before. */
export function offsetText(minutes: number): string {
  if (minutes === 0) return m.reminders_at_due()
  if (minutes % 10_080 === 0) return m.reminders_weeks_before({ count: minutes / 10_080 })
  if (minutes % 1_440 === 0) return m.reminders_days_before({ count: minutes / 1_440 })
  if (minutes % 60 === 0) return m.reminders_hours_before({ count: minutes / 60 })
  return m.reminders_minutes_before({ count: minutes })
}

const typeLabel = (type: ReminderType) =>
  ({ push: m.reminders_push, email: m.reminders_email, both: m.reminders_both })[type]()
const statusLabel = (status: TaskReminder['status']) =>
  ({
    pending: m.reminders_pending,
    sent: m.reminders_sent,
    completed: m.reminders_completed,
    cancelled: m.reminders_cancelled,
    failed: m.reminders_failed,
  })[status]()
const tones: Record<TaskReminder['status'], Tone> = {
  pending: 'accent',
  sent: 'success',
  completed: 'neutral',
  cancelled: 'neutral',
  failed: 'danger',
}

const reload = () =>
  queryClient.invalidateQueries({ predicate: ({ queryKey: [module] }) => module === 'tasks' || module === 'reminders' })

/** The caller's reminders of a task: add, change, delete. */
export function RemindersPanel({ task, timeZone }: { task: Task; timeZone: string }) {
  const [edited, setEdited] = useState<TaskReminder | 'new' | null>(null)
  const format = {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: 'numeric',
    minute: '2-digit',
  } as const
  async function remove({ id }: TaskReminder) {
    try {
      await muster.reminders.delete(id)
    } catch (error) {
      toast({ kind: 'error', title: m.reminders_delete_failed(), text: errorSentence(error) })
    }
    await reload()
  }
  const close = () => setEdited(null)
  return (
    <Card
      title={m.reminders_title()}
      actions={
        <Button size="sm" icon={<Plus aria-hidden="true" />} onClick={() => setEdited('new')}>
          {m.reminders_add()}
        </Button>
      }
    >
      {task.reminders.length === 0 && edited === null && (
        <p className="flex items-start gap-2 text-[0.9375rem] text-ink-3">
          <Bell aria-hidden="true" className="mt-1 size-4 shrink-0" />
          {m.reminders_empty()}
        </p>
      )}
      <ul className="flex flex-col divide-y divide-line">
        {task.reminders.map((reminder) =>
          edited !== 'new' && edited?.id === reminder.id ? (
            <li key={reminder.id} className="py-3">
              <ReminderForm {...{ task, timeZone, reminder }} onDone={close} />
            </li>
          ) : (
            <li key={reminder.id} className="flex items-center gap-2 py-2.5">
              <span className="min-w-0 flex-1">
                <time dateTime={reminder.scheduledAt} className="font-medium">
                  {formatInstant(reminder.scheduledAt, format)}
                </time>
                <span className="flex flex-wrap items-center gap-x-2 text-sm text-ink-3">
                  {reminder.offsetMinutes !== null && <span>{offsetText(reminder.offsetMinutes)}</span>}
                  <span>{typeLabel(reminder.type)}</span>
                  <Badge tone={tones[reminder.status]}>{statusLabel(reminder.status)}</Badge>
                </span>
                {reminder.message !== null && <bdi className="block text-sm break-words">{reminder.message}</bdi>}
              </span>
              <IconButton
                label={m.reminders_change()}
                icon={<Pencil aria-hidden="true" />}
                onClick={() => setEdited(reminder)}
              />
              <IconButton
                label={m.reminders_delete()}
                icon={<Trash2 aria-hidden="true" />}
                onClick={() => void remove(reminder)}
              />
            </li>
          ),
        )}
      </ul>
      {edited === 'new' && <ReminderForm {...{ task, timeZone }} onDone={close} />}
    </Card>
  )
}

type FormProps = { task: Task; timeZone: string; reminder?: TaskReminder; onDone: () => void }
const atTime = 'time'
const minuteMs = 60_000
const morning = '09:00'

/** Returns times that people often choose, each with its name. */
function quickTimes(timeZone: string): { label: string; wall: string }[] {
  // Fields have no seconds: the rest of this minute comes on top.
  const after = (minutes: number) => new Date(Math.ceil(Date.now() / minuteMs + minutes) * minuteMs)
  const tomorrow = addDays(dayOf(new Date(), timeZone), 1)
  const time = formatTime(instantOf(tomorrow, morning, timeZone), timeZone)
  return [
    { label: m.reminders_in_10_minutes(), wall: wallTimeOf(after(10), timeZone) },
    { label: m.reminders_in_1_hour(), wall: wallTimeOf(after(60), timeZone) },
    { label: m.tasks_due_tomorrow({ time }), wall: `${tomorrow}T${morning}` },
  ]
}

function ReminderForm({ task, timeZone, reminder, onDone }: FormProps) {
  const isDue = task.dueDate !== null
  const preset = reminder
    ? reminder.offsetMinutes === null
      ? atTime
      : String(reminder.offsetMinutes)
    : isDue
      ? '60'
      : atTime
  const [when, setWhen] = useState(preset)
  const [type, setType] = useState<ReminderType>(reminder?.type ?? 'both')
  const [wall, setWall] = useState<string | null>(reminder ? wallTimeOf(reminder.scheduledAt, timeZone) : null)
  const [error, setError] = useState<unknown>()
  const [isPending, setIsPending] = useState(false)
  const known = offsets.map(String)
  if (when !== atTime && !known.includes(when)) known.push(when)

  async function save(event: FormEvent) {
    event.preventDefault()
    const [day = '', time = ''] = wall?.split('T') ?? []
    if (when === atTime && wall === null) return
    const at: Pick<NewReminder, 'scheduledAt' | 'offsetMinutes'> =
      when === atTime ? { scheduledAt: instantOf(day, time, timeZone).toISOString() } : { offsetMinutes: Number(when) }
    setIsPending(true)
    setError(undefined)
    try {
      if (reminder) await muster.reminders.update(reminder.id, { ...at, type })
      else await muster.reminders.create({ taskId: task.id, ...at, type })
      await reload()
      onDone()
    } catch (reason) {
      setError(reason)
    } finally {
      setIsPending(false)
    }
  }

  return (
    <form onSubmit={save} className="flex flex-col gap-3 rounded-lg bg-raised p-3">
      <div className="flex flex-wrap gap-2">
        {quickTimes(timeZone).map(({ label, wall: quick }) => (
          <Button
            key={label}
            size="sm"
            onClick={() => {
              setWhen(atTime)
              setWall(quick)
            }}
          >
            {label}
          </Button>
        ))}
      </div>
      <Field label={m.reminders_when()} hint={isDue ? undefined : m.reminders_needs_due()}>
        <Select
          value={when}
          onChange={setWhen}
          items={[
            ...known.map((value) => ({ value, label: offsetText(Number(value)), isDisabled: !isDue })),
            { value: atTime, label: m.reminders_at_time() },
          ]}
        />
      </Field>
      {when === atTime && (
        <Field label={m.reminders_time()}>
          <DateTimePicker value={wall} onChange={setWall} today={dayOf(new Date(), timeZone)} />
        </Field>
      )}
      <Field label={m.reminders_by()}>
        <Select
          value={type}
          onChange={setType}
          items={(['both', 'push', 'email'] as const).map((value) => ({ value, label: typeLabel(value) }))}
        />
      </Field>
      {error !== undefined && (
        <Notice tone="danger" isAlert>
          {errorSentence(error)}
        </Notice>
      )}
      <div className="flex justify-end gap-2">
        <Button size="sm" variant="ghost" onClick={onDone}>
          {m.ui_cancel()}
        </Button>
        <Button
          type="submit"
          size="sm"
          variant="primary"
          isPending={isPending}
          isDisabled={when === atTime && wall === null}
        >
          {m.reminders_save()}
        </Button>
      </div>
    </form>
  )
}
