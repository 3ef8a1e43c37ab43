import type { Db } from '@muster/db'
import type { OffsetPeriod } from '@muster/zones'
import { type RawBuilder, sql } from 'kysely'
import { priorities, statuses, type Task } from '../tasks/tasks.schema.ts'

export type AnalyticsRow = {
  /** The person's zone at this moment; when it is not the calendar's, dates are another's. */
  timezone: string
  /** How many tasks there are of each kind, in parts that are to be added up; `category` is null for none. */
  groups: { status: Task['status']; priority: Task['priority']; category: string | null; count: number }[]
  completedReminders: number
  upcomingReminders: number
  overdueReminders: number
  /** How much was completed on the dates from `since` on; those with nothing are left out. */
  days: { date: string; completed: number }[]
  activeStreak: number
  longestStreak: number
}

/** What SQL has to know of the person's calendar: Postgres' own zones are not asked. */
export type Calendar = { offsets: readonly OffsetPeriod[]; today: string; since: string }

/**
 * Everything that analytics tell of a person, in one statement: of the tasks that they own or that are assigned to them,
 * and of their own reminders. All dates are those of the calendar. What is theirs is read from two indexes alone.
 * @returns undefined when there is no such person
 */
export async function readAnalytics(
  db: Db,
  userId: string,
  { offsets, today, since }: Calendar,
): Promise<AnalyticsRow | undefined> {
  const isOwn = sql<boolean>`owner_id = ${userId}`
  const isAssigned = sql<boolean>`
    assignee_id = ${userId} and owner_id <> ${userId} and organization_id = (select organization_id from person)`
  const { rows } = await sql<AnalyticsRow>`
    with person as materialized (select organization_id, timezone from users where id = ${userId}),
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
      select (midnight at time zone 'UTC')::date as day, sum(count)::integer as count from completed group by midnight
    ),
    streaks as materialized (
      select max(day) as last_day, count(*) as length
      from (select day, day - row_number() over (order by day)::integer as island from days) numbered
      group by island
    )
    select timezone,
      (select coalesce(json_agg(groups), '[]') from groups) as groups,
      (select coalesce(sum(count), 0)::integer from completed where is_reminder) as "completedReminders",
      ${countReminders(userId, 'pending')} as "upcomingReminders",
      ${countReminders(userId, 'sent')} as "overdueReminders",
      (select coalesce(json_agg(json_build_object('date', day, 'completed', count)), '[]') from days
        where day >= ${since}::date) as days,
      coalesce((select length from streaks where last_day between ${today}::date - 1 and ${today}::date), 0)
        as "activeStreak",
      coalesce((select max(length) from streaks), 0) as "longestStreak"
    from person`.execute(db)
  return rows[0]
}

/** Each status and priority is a range of the index, in which the category alone is compared: two thirds of the price. */
const ownTasksByKind = (isOwn: RawBuilder<boolean>) => sql`
  select of_kind.* from unnest(${sql.lit(`{${statuses}}`)}::text[]) a_status, unnest(${sql.lit(`{${priorities}}`)}::text[]) a_priority,
    lateral (
      select a_status as status, a_priority as priority, category, count(*) as count from tasks
      where ${isOwn} and status = a_status and priority = a_priority group by category
    ) of_kind`

const completedTasksByDay = (whose: RawBuilder<boolean>) => sql`
  select ${localMidnight}, count(*), false from tasks where ${whose} and status = 'completed' group by 1`

/** A sent one is overdue: completing its task would have completed it. */
const countReminders = (userId: string, status: 'pending' | 'sent') => sql<number>`
  (select count(*) from reminders where user_id = ${userId} and status = ${status})`

/**
 * The beginning of the local date on which something was completed, written as if the zone were UTC: of a row that is
 * arithmetic alone, and the date itself is worked out once for each day.
 */
const localMidnight = sql`
  date_bin('1 day', completed_at + (select offsets from calendar)[
    greatest(1, width_bucket(completed_at, (select starts from calendar)))], 'epoch'::timestamptz)`
