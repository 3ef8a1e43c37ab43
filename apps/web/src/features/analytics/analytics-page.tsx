import type { Analytics, Streaks, User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { ChartColumn } from 'lucide-react'
import { dayOf, formatDay } from '../../lib/dates.ts'
import { useInSteps } from '../../lib/in-steps.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { ButtonLink } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Page } from '../../ui/page.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { priorityLabel, statusLabel } from '../tasks/labels.ts'
import { taskPriorities, taskStatuses } from '../tasks/search.ts'
import { CompletionsCard } from './completions-card.tsx'
import { HeatMapCard } from './heat-map-card.tsx'
import { figuresQuery, streaksQuery, yearQuery } from './queries.ts'
import { type Part, SharesCard } from './shares-card.tsx'

const maxCategories = 7

/** Figures about the tasks and reminders of a person: streaks, completions by day and week, and what the tasks are about. */
export function AnalyticsPage({ user }: { user: User }) {
  const figures = useQuery(figuresQuery)
  const streaks = useQuery(streaksQuery)
  const year = useQuery(yearQuery(dayOf(new Date(), user.timezone)))
  const all = [figures, streaks, year]
  const isShown = useInSteps(all.every(({ data }) => data !== undefined))
  const failed = all.find(({ isError }) => isError)
  return (
    <Page title={m.shell_analytics()} description={m.analytics_description()}>
      {isShown && figures.data && streaks.data && year.data ? (
        <Figures figures={figures.data} streaks={streaks.data} days={year.data.days} />
      ) : failed ? (
        <ErrorState error={failed.error} onRetry={() => Promise.all(all.map(({ refetch }) => refetch()))} />
      ) : (
        <FiguresSkeleton />
      )}
    </Page>
  )
}

function Figures({ figures, streaks, days }: { figures: Analytics; streaks: Streaks; days: CompletedDays }) {
  if (figures.totalTasks === 0 && streaks.longest === 0)
    return (
      <EmptyState
        icon={<ChartColumn />}
        title={m.analytics_empty_title()}
        text={m.analytics_empty_text()}
        action={
          <ButtonLink variant="primary" to="/tasks">
            {m.analytics_empty_action()}
          </ButtonLink>
        }
      />
    )
  return (
    <div className="flex flex-col gap-6">
      <Totals figures={figures} streaks={streaks} />
      <HeatMapCard days={days} />
      <div className="grid items-start gap-6 lg:grid-cols-2 [&>*]:min-w-0">
        <CompletionsCard
          title={m.analytics_days()}
          caption={m.analytics_days_caption()}
          header={m.analytics_date()}
          periods={figures.dailyData.map(({ date, ...numbers }) => ({
            ...numbers,
            key: date,
            label: formatDay(date, { weekday: 'short' }),
            name: formatDay(date, { weekday: 'long', day: 'numeric', month: 'long' }),
          }))}
        />
        <CompletionsCard
          title={m.analytics_weeks()}
          caption={m.analytics_weeks_caption()}
          header={m.analytics_week()}
          periods={figures.weeklyData.map(({ weekStart, ...numbers }) => ({
            ...numbers,
            key: weekStart,
            label: formatDay(weekStart, { day: 'numeric', month: 'short' }),
            name: m.analytics_week_of({ date: formatDay(weekStart, { day: 'numeric', month: 'long' }) }),
          }))}
        />
        <CategoriesCard figures={figures} />
        <SharesCard
          title={m.analytics_status_and_priority()}
          description={m.analytics_status_and_priority_text()}
          groups={[
            { header: m.analytics_status(), parts: partsOf(figures.tasksByStatus, taskStatuses, statusLabel) },
            { header: m.analytics_priority(), parts: partsOf(figures.tasksByPriority, taskPriorities, priorityLabel) },
          ]}
        />
      </div>
    </div>
  )
}

type CompletedDays = Parameters<typeof HeatMapCard>[0]['days']

function partsOf<T extends string>(counts: Record<T, number>, keys: readonly T[], nameOf: (key: T) => string): Part[] {
  const total = Math.max(
    keys.reduce((sum, key) => sum + counts[key], 0),
    1,
  )
  return keys.map((key) => ({ key, name: nameOf(key), count: counts[key], share: counts[key] / total }))
}

function CategoriesCard({ figures }: { figures: Analytics }) {
  const parts = figures.categoryData.map(({ category, count, percent }, index) => ({
    key: `${index} ${category ?? ''}`,
    name: category ?? m.analytics_category_none(),
    count,
    share: percent,
  }))
  const rest = parts.slice(maxCategories)
  const others = {
    key: 'others',
    name: m.analytics_category_others({ count: rest.length }),
    count: rest.reduce((sum, { count }) => sum + count, 0),
    share: rest.reduce((sum, { share }) => sum + share, 0),
  }
  const chartParts = rest.length > 1 ? [...parts.slice(0, maxCategories), others] : parts
  return (
    <SharesCard
      title={m.analytics_categories()}
      description={m.analytics_categories_text()}
      groups={[{ header: m.analytics_category(), parts, chartParts }]}
    />
  )
}

function Totals({ figures, streaks }: { figures: Analytics; streaks: Streaks }) {
  const { tasksByStatus } = figures
  const totals = [
    { name: m.analytics_streak(), value: m.analytics_streak_days({ count: streaks.active }) },
    { name: m.analytics_streak_longest(), value: m.analytics_streak_days({ count: streaks.longest }) },
    { name: m.analytics_open_tasks(), value: formatNumber(tasksByStatus.todo + tasksByStatus['in-progress']) },
    { name: m.analytics_completed_tasks(), value: formatNumber(tasksByStatus.completed) },
    { name: m.analytics_completed_reminders(), value: formatNumber(figures.completedReminders) },
    { name: m.analytics_upcoming_reminders(), value: formatNumber(figures.upcomingReminders) },
    { name: m.analytics_overdue_reminders(), value: formatNumber(figures.overdueReminders) },
  ]
  return (
    <Card aria-label={m.analytics_totals()}>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-5 sm:grid-cols-4 xl:grid-cols-7">
        {totals.map(({ name, value }) => (
          <div key={name} className="flex flex-col-reverse justify-end gap-0.5">
            <dt className="text-sm text-ink-3">{name}</dt>
            <dd className="text-2xl font-semibold tracking-tight">{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

function FiguresSkeleton() {
  return (
    <div className="flex flex-col gap-6">
      <Skeleton className="h-40 rounded-xl sm:h-44 xl:h-26" />
      <Skeleton className="h-72 rounded-xl" />
      <div className="grid gap-6 lg:grid-cols-2">
        <Skeleton className="h-84 rounded-xl" />
        <Skeleton className="h-84 rounded-xl" />
      </div>
    </div>
  )
}
