import type { Task, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { Link, useBlocker, useNavigate } from '@tanstack/react-router'
import { ArrowLeft, Trash2 } from 'lucide-react'
import { lazy, Suspense, useId } from 'react'
import { dayOf, formatInstant, instantOf, wallTimeOf } from '../../lib/dates.ts'
import { errorSentence, isUnexpected } from '../../lib/errors.ts'
import { useInSteps } from '../../lib/in-steps.ts'
import { m } from '../../paraglide/messages.js'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { useConfirm } from '../../ui/confirm.tsx'
import { DateTimePicker } from '../../ui/date-time-picker.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Field, TextArea, TextInput } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { useHasMoved } from '../../ui/on-demand.ts'
import { Page } from '../../ui/page.tsx'
import { RequestId } from '../../ui/request-id.tsx'
import { Select } from '../../ui/select.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { AttachmentsPanel } from '../attachments/attachments-panel.tsx'
import { RemindersPanel } from '../reminders/reminders-panel.tsx'
import { ActivityPanel } from './activity-panel.tsx'
import { useDraft } from './draft.ts'
import { fieldLabel, fieldValue } from './fields.ts'
import { personLabel, priorityLabel, statusLabel } from './labels.ts'
import { deleteWithUndo } from './mutations.ts'
import { assigneesQuery, categoriesQuery, taskQuery } from './queries.ts'
import { taskPriorities, taskStatuses } from './search.ts'

const MergeView = lazy(() => import('./merge-view.tsx'))

/** One task with its files, reminders and activity. */
export function TaskPage({ taskId, user }: { taskId: string; user: User }) {
  const task = useQuery(taskQuery(taskId))
  const isShown = useInSteps(!task.isPending)
  if (!isShown)
    return (
      <Page title={m.tasks_task()} isTitleHidden>
        <div role="status" aria-label={m.ui_loading()} className="flex flex-col gap-6">
          <Skeleton className="h-9 w-32" />
          <Skeleton className="h-[34rem] rounded-xl" />
        </div>
      </Page>
    )
  if (!task.data)
    return (
      <Page title={m.tasks_task()} isTitleHidden>
        <ErrorState
          error={task.error}
          onRetry={() => task.refetch()}
          action={<ButtonLink to="/tasks">{m.tasks_to_list()}</ButtonLink>}
        />
      </Page>
    )
  return <TaskDetail key={taskId} task={task.data} user={user} />
}

function TaskDetail({ task, user }: { task: Task; user: User }) {
  const timeZone = user.timezone
  const draft = useDraft(task)
  const confirm = useConfirm()
  const navigate = useNavigate()
  const members = useQuery(assigneesQuery(user.organizationId))
  // They stand in a popup, which nobody opens before the first move.
  const categories = useQuery({ ...categoriesQuery, enabled: useHasMoved() })
  const categoriesId = useId()
  useBlocker({
    shouldBlockFn: async () =>
      draft.isDirty &&
      !(await confirm({
        title: m.tasks_leave_title(),
        text: m.tasks_leave_text(),
        confirmLabel: m.tasks_leave(),
        isDanger: true,
      })),
    enableBeforeUnload: () => draft.isDirty,
  })
  const { values, set } = draft
  const people = [...(members.data ?? [])]
  if (task.assignee && !people.some(({ id }) => id === task.assigneeId))
    people.push(task.assignee as (typeof people)[number])
  const nobody = '·nobody'
  const nameOf = (id: string | null) => people.find((person) => person.id === id)?.name ?? id
  const wall = values.dueDate === null ? null : wallTimeOf(values.dueDate, timeZone)
  const setDue = (next: string | null) => {
    const [day = '', time = ''] = next?.split('T') ?? []
    set('dueDate', next === null ? null : instantOf(day, time, timeZone).toISOString())
  }
  return (
    <Page title={task.title} isTitleHidden>
      <div className="mb-5 flex items-center justify-between gap-3">
        <Link to="/tasks" className="link inline-flex min-h-10 items-center gap-1.5">
          <ArrowLeft aria-hidden="true" className="size-4 rtl:rotate-180" />
          {m.tasks_to_list()}
        </Link>
        <Button
          size="sm"
          variant="ghost"
          icon={<Trash2 aria-hidden="true" />}
          onClick={() => {
            draft.clear()
            deleteWithUndo(task)
            void navigate({ to: '/tasks', ignoreBlocker: true })
          }}
        >
          {m.tasks_delete_button()}
        </Button>
      </div>
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Card>
          <form
            className="flex flex-col gap-5"
            onSubmit={(event) => {
              event.preventDefault()
              void draft.save()
            }}
          >
            <Field label={m.tasks_title()}>
              <TextInput
                required
                maxLength={200}
                value={values.title}
                onChange={({ target }) => set('title', target.value)}
              />
            </Field>
            <Field label={m.tasks_description()}>
              <TextArea
                rows={4}
                value={values.description ?? ''}
                onChange={({ target }) => set('description', target.value === '' ? null : target.value)}
              />
            </Field>
            <div className="grid gap-5 sm:grid-cols-2">
              <Field label={m.tasks_status()}>
                <Select
                  value={values.status}
                  onChange={(status) => set('status', status)}
                  items={taskStatuses.map((value) => ({ value, label: statusLabel(value) }))}
                />
              </Field>
              <Field label={m.tasks_priority()}>
                <Select
                  value={values.priority}
                  onChange={(priority) => set('priority', priority)}
                  items={taskPriorities.map((value) => ({ value, label: priorityLabel(value) }))}
                />
              </Field>
              {/* Half of the row would cut the time off. */}
              <Field label={m.tasks_due()} hint={m.tasks_zone({ zone: timeZone })} className="sm:col-span-2">
                <DateTimePicker value={wall} onChange={setDue} today={dayOf(new Date(), timeZone)} isClearable />
              </Field>
              <Field label={m.tasks_category()}>
                <TextInput
                  list={categoriesId}
                  maxLength={50}
                  value={values.category ?? ''}
                  onChange={({ target }) => set('category', target.value === '' ? null : target.value)}
                />
              </Field>
              <datalist id={categoriesId}>
                {categories.data?.map(
                  ({ category }) => category !== null && <option key={category} value={category} />,
                )}
              </datalist>
              {people.length > 0 && (
                <Field label={m.tasks_assignee()}>
                  <Select
                    value={values.assigneeId ?? nobody}
                    onChange={(id) => set('assigneeId', id === nobody ? null : id)}
                    items={[
                      { value: nobody, label: m.tasks_assignee_none() },
                      ...people.map((person) => ({ value: person.id, label: personLabel(person, user.id) })),
                    ]}
                  />
                </Field>
              )}
            </div>
            {draft.error !== undefined && (
              <Notice tone="danger" isAlert>
                {errorSentence(draft.error)}
                {isUnexpected(draft.error) && <RequestId error={draft.error} />}
              </Notice>
            )}
            <div className="flex flex-wrap items-center justify-end gap-2">
              <span className="me-auto text-sm text-ink-3">
                {m.tasks_changed_at({
                  time: formatInstant(task.updatedAt, { timeZone, dateStyle: 'medium', timeStyle: 'short' }),
                })}
              </span>
              {draft.isDirty && (
                <Button variant="ghost" onClick={draft.clear}>
                  {m.tasks_discard()}
                </Button>
              )}
              <Button
                type="submit"
                variant="primary"
                isPending={draft.isSaving}
                isDisabled={!draft.isDirty || values.title.trim() === ''}
              >
                {m.tasks_save()}
              </Button>
            </div>
          </form>
        </Card>
        <div className="flex flex-col gap-6">
          <AttachmentsPanel taskId={task.id} attachments={task.attachments} />
          <RemindersPanel {...{ task, timeZone }} />
          <ActivityPanel taskId={task.id} timeZone={timeZone} />
        </div>
      </div>
      {draft.conflicts.length > 0 && (
        <Suspense>
          <MergeView
            conflicts={draft.conflicts}
            labelOf={fieldLabel}
            textOf={(field, value) => fieldValue(field, field === 'assigneeId' ? nameOf(value) : value, timeZone)}
            onResolve={(theirs) => void draft.resolve(theirs)}
            onPostpone={draft.postpone}
          />
        </Suspense>
      )}
    </Page>
  )
}
