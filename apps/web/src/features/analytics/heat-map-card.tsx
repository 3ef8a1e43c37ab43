import type { CompletionDays } from '@muster/client'
import { addDays, type Day, formatDay } from '../../lib/dates.ts'
import { placeInWeek, startOfWeek } from '../../lib/weeks.ts'
import { m } from '../../paraglide/messages.js'
import { ChartCard } from '../../ui/charts/chart-card.tsx'
import { HeatMap } from '../../ui/charts/heat-map.tsx'
import { CompletionsTable } from './completions-card.tsx'

type Days = CompletionDays['days']

const someDay = '2024-01-01'
const dayMs = 86_400_000
const daysBetween = (from: Day, to: Day) => Math.round((Date.parse(to) - Date.parse(from)) / dayMs)
const fullDate = (day: Day) => formatDay(day, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })

/** Labels of the columns in which a month begins, as far as the next one leaves room. */
function monthLabels(days: Days, columnOf: (day: Day) => number) {
  const starts = days.filter(({ date }, index) => index === 0 || date.endsWith('-01'))
  const labels = starts.map(({ date }) => ({ column: columnOf(date), text: formatDay(date, { month: 'short' }) }))
  return labels.filter(({ column }, index) => (labels[index + 1]?.column ?? Number.POSITIVE_INFINITY) - column > 2)
}

/** The completions of each day of the last 53 weeks. */
export function HeatMapCard({ days }: { days: Days }) {
  const first = days[0]?.date ?? ''
  // A date that the zone never had leaves its place empty.
  const columnOf = (day: Day) => Math.floor((daysBetween(first, day) + placeInWeek(first)) / 7)
  const weekdays = Array.from({ length: 7 }, (_, row) =>
    formatDay(addDays(startOfWeek(someDay), row), { weekday: 'short' }),
  )
  const active = days.filter((day) => day.completedTasks > 0 || day.completedReminders > 0)
  return (
    <ChartCard
      title={m.analytics_heat_map()}
      description={m.analytics_heat_map_text()}
      chart={
        <HeatMap
          label={m.analytics_heat_map_text()}
          rowLabels={weekdays}
          columnLabels={monthLabels(days, columnOf)}
          legend={{ less: m.analytics_less(), more: m.analytics_more() }}
          cells={days.map(({ date, completedTasks, completedReminders }) => ({
            key: date,
            column: columnOf(date),
            row: placeInWeek(date),
            // Completing a task completes its reminders: the two are never added up.
            value: Math.max(completedTasks, completedReminders),
            name: fullDate(date),
            text: m.analytics_day_counts({
              tasks: m.analytics_task_count({ count: completedTasks }),
              reminders: m.analytics_reminder_count({ count: completedReminders }),
            }),
          }))}
        />
      }
      table={
        active.length === 0 ? (
          <p className="px-5 text-ink-2 sm:px-6">{m.analytics_heat_map_none()}</p>
        ) : (
          <CompletionsTable
            caption={m.analytics_heat_map_caption()}
            header={m.analytics_date()}
            periods={active
              .toReversed()
              .map(({ date, ...numbers }) => ({ ...numbers, key: date, label: date, name: fullDate(date) }))}
          />
        )
      }
    />
  )
}
