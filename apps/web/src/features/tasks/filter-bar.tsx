import type { User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { dayOf } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { DatePicker } from '../../ui/date-time-picker.tsx'
import { Field } from '../../ui/field.tsx'
import { useHasMoved } from '../../ui/on-demand.ts'
import { Popover } from '../../ui/popover.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { Select } from '../../ui/select.tsx'
import { priorityLabel, statusLabel } from './labels.ts'
import { assigneesQuery, categoriesQuery } from './queries.ts'
import { isFiltered, type TaskSearch, taskPriorities, taskSorts, taskStatuses } from './search.ts'

type Props = { search: TaskSearch; user: User; onChange: (change: Partial<TaskSearch>) => void; onReset: () => void }

/** Stands for a filter that is not set; no value of the API is like it. */
const any = '·any'

const sortLabels: Record<(typeof taskSorts)[number], () => string> = {
  dueDate: m.tasks_sort_due,
  '-dueDate': m.tasks_sort_due_last,
  '-priority': m.tasks_sort_priority,
  '-createdAt': m.tasks_sort_newest,
  '-updatedAt': m.tasks_sort_changed,
  title: m.tasks_sort_title,
}

/** The search and the filters of the list, which the address keeps. */
export function FilterBar({ search, user, onChange, onReset }: Props) {
  // The categories and members stand in popups, which nobody opens before the first move.
  const hasMoved = useHasMoved()
  const categories = useQuery({ ...categoriesQuery, enabled: hasMoved })
  const isByMember = search.assignee !== undefined && !['me', 'none'].includes(search.assignee)
  const members = useQuery({ ...assigneesQuery(user.organizationId), enabled: hasMoved || isByMember })
  const others = (members.data ?? []).filter(({ id }) => id !== user.id)
  const named = (categories.data ?? []).map(({ category }) => category).filter((category) => category !== null)
  if (search.category && !named.includes(search.category)) named.push(search.category)
  const today = dayOf(new Date(), user.timezone)
  const dueValue = search.due ?? (search.from || search.to ? 'range' : any)
  return (
    <search className="flex flex-wrap items-center gap-2">
      <div className="flex w-full items-center gap-2 2xl:w-auto">
        <SearchField
          label={m.tasks_search()}
          value={search.q ?? ''}
          maxLength={200}
          onChange={(q) => onChange({ q: q || undefined })}
          className="min-w-0 flex-1 2xl:w-56 2xl:flex-none"
        />
        {isFiltered(search) && (
          <Button size="sm" variant="ghost" icon={<X aria-hidden="true" />} onClick={onReset}>
            {m.tasks_filters_clear()}
          </Button>
        )}
      </div>
      {/* On small screens the filters are one line that scrolls, so that the list keeps the room. */}
      <div className="-mx-4 flex items-center gap-2 overflow-x-auto px-4 py-1 max-sm:w-[calc(100%+2rem)] max-sm:[&>*]:shrink-0 sm:contents">
        <Select
          size="sm"
          label={m.tasks_status()}
          value={search.status ?? any}
          items={[
            { value: any, label: m.tasks_status_open() },
            ...taskStatuses.map((status) => ({ value: status, label: statusLabel(status) })),
            { value: 'all', label: m.tasks_status_all() },
          ]}
          onChange={(value) => onChange({ status: value === any ? undefined : (value as TaskSearch['status']) })}
        />
        <Select
          size="sm"
          label={m.tasks_priority()}
          value={search.priority ?? any}
          items={[
            { value: any, label: m.tasks_priority_any() },
            ...taskPriorities.map((priority) => ({ value: priority, label: priorityLabel(priority) })),
          ]}
          onChange={(value) => onChange({ priority: value === any ? undefined : (value as TaskSearch['priority']) })}
        />
        <Select
          size="sm"
          label={m.tasks_category()}
          className="max-w-48"
          value={search.category ?? any}
          items={[
            { value: any, label: m.tasks_category_any() },
            { value: '', label: m.tasks_category_none() },
            ...named.map((category) => ({ value: category, label: category })),
          ]}
          onChange={(value) => onChange({ category: value === any ? undefined : value })}
        />
        <Select
          size="sm"
          label={m.tasks_assignee()}
          className="max-w-48"
          value={search.assignee ?? any}
          items={[
            { value: any, label: m.tasks_assignee_any() },
            { value: 'me', label: m.tasks_assignee_me() },
            { value: 'none', label: m.tasks_assignee_none() },
            ...others.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          onChange={(value) => onChange({ assignee: value === any ? undefined : value })}
        />
        <Popover
          label={m.tasks_due()}
          trigger={
            <Button size="sm" className="touch:min-h-11">
              {dueValue === any
                ? m.tasks_due_any()
                : dueValue === 'range'
                  ? m.tasks_due_range()
                  : dueValue === 'overdue'
                    ? m.tasks_overdue()
                    : m.tasks_due_none()}
            </Button>
          }
        >
          <div className="flex w-64 flex-col gap-3">
            <Select
              label={m.tasks_due()}
              value={dueValue === 'range' ? any : dueValue}
              items={[
                { value: any, label: m.tasks_due_any() },
                { value: 'overdue', label: m.tasks_overdue() },
                { value: 'none', label: m.tasks_due_none() },
              ]}
              onChange={(value) =>
                onChange({
                  due: value === any ? undefined : (value as TaskSearch['due']),
                  from: undefined,
                  to: undefined,
                })
              }
            />
            <Field label={m.tasks_due_from()}>
              <DatePicker
                value={search.from ?? null}
                today={today}
                max={search.to}
                isClearable
                onChange={(day) => onChange({ from: day ?? undefined, due: undefined })}
              />
            </Field>
            <Field label={m.tasks_due_to()} hint={m.tasks_due_to_hint()}>
              <DatePicker
                value={search.to ?? null}
                today={today}
                min={search.from}
                isClearable
                onChange={(day) => onChange({ to: day ?? undefined, due: undefined })}
              />
            </Field>
          </div>
        </Popover>
        <Select
          size="sm"
          label={m.tasks_sort()}
          value={search.sort ?? (search.q ? any : 'dueDate')}
          items={[
            ...(search.q ? [{ value: any, label: m.tasks_sort_relevance() }] : []),
            ...taskSorts.map((sort) => ({ value: sort as string, label: sortLabels[sort]() })),
          ]}
          onChange={(value) =>
            onChange({
              sort: value === any || (value === 'dueDate' && !search.q) ? undefined : (value as TaskSearch['sort']),
            })
          }
        />
      </div>
    </search>
  )
}
