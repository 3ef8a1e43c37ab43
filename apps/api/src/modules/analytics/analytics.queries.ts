import type { Db } from '@muster/db'
import type { OffsetPeriod } from '@muster/zones'
import { type RawBuilder, sql } from 'kysely'
import { taskStatuses } from '../task-access/task-access.schema.ts'
import { priorities, type TaskFields } from '../tasks/tasks.schema.ts'

/** Completing a task also completes its reminders, so the two numbers are never added up. */
export type Completions = { completedTasks: number; completedReminders: number }

export type AnalyticsRow = {
  /** The user's current zone; when it differs from the calendar's, the dates are of the wrong zone. */
  timezone: string
  /** Numbers of tasks by kind. A kind may occur twice (own and assigned tasks); `category` is null for none. */
  groups: { status: TaskFields['status']; priority: TaskFields['priority']; category: string | null; count: number }[]
  completedReminders: number
  upcomingReminders: number
  overdueReminders: number
  /** Completed tasks and reminders by date, from `since` on; dates without either are missing. */
  days: ({ date: string } & Completions)[]
  activeStreak: number
  longestStreak: number
}

/** The user's calendar as SQL needs it. Postgres' own zone data is not used. */
export type Calendar = {
  offsets: readonly OffsetPeriod[]
  /** Dates that the zone never had. A streak continues over them. */
  skipped: readonly string[]
  today: string
  /** The date before today that the zone had. */
  yesterday: string
  since: string
}

/**
 * Reads the analytics of a user in one statement: of the tasks that they own or that are assigned to them, and of their own
 * reminders. All dates are those of the calendar. The tasks are read from two indexes alone.
 * @returns undefined when the user does not exist
 */
export async function readAnalytics(
  db: Db,
  userId: string,
  { offsets, skipped, today, yesterday, since }: Calendar,
): Promise<AnalyticsRow | undefined> {
  const isOwn = sql<boolean>`owner_id = ${userId}`
  const isAssigned = sql<boolean>`
    assignee_id = ${userId} and owner_id <> ${userId} and organization_id = (select organization_id from actor)`
  const { rows } = await sql<AnalyticsRow>`
    with actor as materialized (select organization_id, timezone from users where id = ${userId}),
    calendar as materialized (
      select array_agg(starts_at order by starts_at) as starts,
        array_agg(seconds * interval '1 second' order by starts_at) as offsets
      from unnest(
        ${offsets.map(({ startsAt }) => startsAt)}::timestamptz[], ${offsets.map(({ offsetSeconds }) => offsetSeconds)}::integer[]
      ) period (starts_at, seconds)
    ),
    groups as (
      ${ownTasksByKind(isOwn)}
      union all
      select status, priority, category, count(*) from tasks where ${isAssigned} group by status, priority, category
    ),
    completed (midnight, count, is_reminder) as materialized (
      ${sql.join([isOwn, isAssigned].map(completedTasksByDay), sql` union all `)}
      union all
      select ${localMidnight}, count(*), true from reminders where user_id = ${userId} and status = 'completed' group by 1
    ),
    days as materialized (
      select (midnight at time zone 'UTC')::date as day,
        coalesce(sum(count) filter (where not is_reminder), 0)::integer as tasks,
        coalesce(sum(count) filter (where is_reminder), 0)::integer as reminders
      from completed group by midnight
    ),
    streaks as materialized (
      select max(day) as last_day, count(*) as length
      from (
        select day, day - row_number() over (order by day)::integer
          - (select count(*) from unnest(${skipped}::date[]) skipped (date) where date < day)::integer as island
        from days
      ) numbered
      group by island
    )
    select timezone,
      (select coalesce(json_agg(groups), '[]') from groups) as groups,
      (select coalesce(sum(count), 0)::integer from completed where is_reminder) as "completedReminders",
      ${countReminders(userId, 'pending')} as "upcomingReminders",
      ${countReminders(userId, 'sent')} as "overdueReminders",
      (select coalesce(json_agg(
          json_build_object('date', day, 'completedTasks', tasks, 'completedReminders', reminders)
        ), '[]') from days where day >= ${since}::date) as days,
      coalesce((select length from streaks where last_day between ${yesterday}::date and ${today}::date), 0)
        as "activeStreak",
      coalesce((select max(length) from streaks), 0) as "longestStreak"
    from actor`.execute(db)
  return rows[0]
}

/** Reads each status and priority as a range of the index, in which only the category is compared: two thirds of the cost. */
const ownTasksByKind = (isOwn: RawBuilder<boolean>) => sql`
  select of_kind.* from unnest(${sql.lit(`{${taskStatuses}}`)}::text[]) a_status, unnest(${sql.lit(`{${priorities}}`)}::text[]) a_priority,
    lateral (
      select a_status as status, a_priority as priority, category, count(*) as count from tasks
      where ${isOwn} and status = a_status and priority = a_priority group by category
    ) of_kind`

const completedTasksByDay = (isIncluded: RawBuilder<boolean>) => sql`
  select ${localMidnight}, count(*), false from tasks where ${isIncluded} and status = 'completed' group by 1`

/** A sent reminder is overdue: completing its task would have completed it. */
const countReminders = (userId: string, status: 'pending' | 'sent') => sql<number>`
  (select count(*) from reminders where user_id = ${userId} and status = ${status})`

/**
 * The local midnight before a completion, written as if the zone were UTC. For each row this takes only arithmetic; the date
 * is computed once for each day.
 */
const localMidnight = sql`
  date_bin('1 day', completed_at + (select offsets from calendar)[
    greatest(1, width_bucket(completed_at, (select starts from calendar)))], 'epoch'::timestamptz)`
