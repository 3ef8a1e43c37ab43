import type { Db } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'
import { priorities, statuses, type Task } from '../tasks/tasks.schema.ts'

export type AnalyticsRow = {
  /** The local date, and when the next one begins. */
  today: string
  endsAt: Date
  /** How many tasks there are of each kind, in parts that are to be added up; `category` is null for none. */
  groups: { status: Task['status']; priority: Task['priority']; category: string | null; count: number }[]
  completedReminders: number
  upcomingReminders: number
  overdueReminders: number
  /** How much was completed on the dates since the Monday of three weeks ago; those with nothing are left out. */
  days: { date: string; completed: number }[]
  activeStreak: number
  longestStreak: number
}

/**
 * Everything that analytics tell of a person, in one statement: of the tasks that they own or that are assigned to them,
 * and of their own reminders. All dates are those of the person's zone. What is theirs is read from two indexes alone.
 * @returns undefined when there is no such person
 */
export async function readAnalytics(db: Db, userId: string, now: Date): Promise<AnalyticsRow | undefined> {
  const isOwn = sql<boolean>`owner_id = ${userId}`
  const isAssigned = sql<boolean>`
    assignee_id = ${userId} and owner_id <> ${userId} and organization_id = ${ofPerson('organization_id')}`
  const { rows } = await sql<AnalyticsRow>`
    with person as materialized (
      select organization_id, timezone, (${now}::timestamptz at time zone timezone)::date as today,
        (created_at at time zone timezone)::date as first_day
      from users where id = ${userId}
    ),
    calendar as materialized (
      select array_agg(${startOf(sql`day::date`)} order by day) as starts
      from person, generate_series(first_day::timestamp, today::timestamp, interval '1 day') day
    ),
    groups as (
      ${ownTasksByKind(isOwn)}
      union all
      select status, priority, category, count(*) from tasks where ${isAssigned} group by status, priority, category
    ),
    completed (day, count, is_reminder) as materialized (
      ${sql.join([isOwn, isAssigned].map(completedTasksByDay), sql` union all `)}
      union all
      select ${dateOf('completed_at')}, count(*), true from reminders where user_id = ${userId} and status = 'completed'
      group by 1
    ),
    days as materialized (select day, sum(count)::integer as count from completed group by day),
    streaks as materialized (
      select max(day) as last_day, count(*) as length
      from (select day, day - row_number() over (order by day)::integer as island from days) numbered
      group by island
    )
    select today::text, ${startOf(sql`(today + 1)`)} as "endsAt",
      (select coalesce(json_agg(groups), '[]') from groups) as groups,
      (select coalesce(sum(count), 0)::integer from completed where is_reminder) as "completedReminders",
      ${countReminders(userId, 'pending')} as "upcomingReminders",
      ${countReminders(userId, 'sent')} as "overdueReminders",
      (select coalesce(json_agg(json_build_object('date', day, 'completed', count)), '[]') from days
        where day >= date_trunc('week', today::timestamp)::date - 21) as days,
      coalesce((select length from streaks where last_day between today - 1 and today), 0) as "activeStreak",
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
  select ${dateOf('completed_at')}, count(*), false from tasks where ${whose} and status = 'completed' group by 1`

/** A sent one is overdue: completing its task would have completed it. */
const countReminders = (userId: string, status: 'pending' | 'sent') => sql<number>`
  (select count(*) from reminders where user_id = ${userId} and status = ${status})`

const ofPerson = (column: 'organization_id' | 'timezone' | 'first_day') => sql`(select ${sql.ref(column)} from person)`

/** The local date of an instant. Found among the beginnings of the person's days it costs a quarter of being worked out. */
const dateOf = (column: 'completed_at') => sql`
  case when ${sql.ref(column)} >= (select starts[1] from calendar)
    then ${ofPerson('first_day')} + width_bucket(${sql.ref(column)}, (select starts from calendar)) - 1
    else (${sql.ref(column)} at time zone ${ofPerson('timezone')})::date end`

/**
 * When a date begins in the person's zone. Where clocks go back to midnight Postgres takes the second one; the date begins
 * with the first.
 */
const startOf = (date: RawBuilder<unknown>) => sql<Date>`
  case when (${date}::timestamp at time zone timezone - interval '1 hour') at time zone timezone >= ${date}
    then ${date}::timestamp at time zone timezone - interval '1 hour'
    else ${date}::timestamp at time zone timezone end`
