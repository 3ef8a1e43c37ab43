import type { Client } from 'pg'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { categories } from './categories.ts'
import type { Part, Team } from './team.ts'

type PastTask = {
  owner_id: string
  assignee_id: string | null
  organization_id: string | null
  title: string
  category: string
  priority: 'low' | 'medium' | 'high'
  created_at: string
  completed_at: string
  due_date: string | null
  /** When a reminder of it came; null for a task without one. */
  reminder_at: string | null
}

const days = 53 * 7
/** How many tasks each of them completes on a working day on average. */
const tasksADay: Partial<Record<Part, number>> = {
  owner: 1.8,
  designer: 1.1,
  developer: 1.3,
  writer: 0.9,
  tester: 0.7,
  partner: 0.4,
}
/** Days ago on which nobody works. */
const holidays = [
  [118, 129],
  [233, 240],
  [329, 338],
] as const
/** The owner has completed something on each of so many days before today, and today. */
const streakDays = 23

/**
 * Inserts the completed tasks of a year with their reminders. They lie in the past, which the API does not let one write; so they have no
 * audit events and no activity.
 */
export async function insertPastTasks(db: Client, team: Team, timeZone: string): Promise<void> {
  // The same numbers each time, so that every demo looks alike.
  const generator = xoroshiro128plus(7)
  const random = () => uniformFloat64(generator)
  const tasks = Object.entries(tasksADay).flatMap(([part, mean]) =>
    Array.from({ length: days }, (_, daysAgo) =>
      tasksOfDay(team, part as Part, { daysAgo, mean, random, timeZone }),
    ).flat(),
  )
  await db.query(
    `with given as (
       select * from jsonb_to_recordset($1) as task (owner_id uuid, assignee_id uuid, organization_id uuid, title text, category text,
         priority text, created_at timestamptz, completed_at timestamptz, due_date timestamptz, reminder_at timestamptz)
     ), numbered as materialized (
       select uuidv7(created_at - now()) as id, given.* from given
     ), inserted as (
       insert into tasks (id, owner_id, assignee_id, organization_id, title, category, priority, status, due_date, completed_at, created_at, updated_at)
       select id, owner_id, assignee_id, organization_id, title, category, priority, 'completed', due_date, completed_at, created_at, completed_at
       from numbered
     )
     insert into reminders (id, task_id, user_id, type, status, scheduled_at, handed_at, sent_at, completed_at, created_at, updated_at)
     select uuidv7(reminder_at - now()), id, owner_id, 'push', 'completed', reminder_at, reminder_at, reminder_at, completed_at, created_at, completed_at
     from numbered where reminder_at is not null`,
    [JSON.stringify(tasks)],
  )
}

type Day = { daysAgo: number; mean: number; random: () => number; timeZone: string }

function tasksOfDay(team: Team, part: Part, { daysAgo, mean, random, timeZone }: Day): PastTask[] {
  const now = Temporal.Now.zonedDateTimeISO(timeZone)
  const start = now.subtract({ days: daysAgo }).startOfDay()
  const isWeekend = start.dayOfWeek > 5
  const isHoliday = holidays.some(([last, first]) => daysAgo >= last && daysAgo <= first)
  // More is done the closer today is, with weeks that are busier than others.
  const season = (1.15 - daysAgo / days / 2) * (1 + 0.35 * Math.sin(daysAgo / 11))
  const expected = isHoliday ? 0 : mean * season * (isWeekend ? 0.15 : 1)
  const least = part === 'owner' && daysAgo <= streakDays ? 1 : 0
  const count = Math.max(least, Math.round(expected * random() * 2))
  return Array.from({ length: count }, () => {
    const atWork = start.add({ minutes: Math.floor(8 * 60 + random() * 10 * 60) })
    // What is completed today was completed before now.
    const completed =
      daysAgo === 0 ? start.add({ seconds: Math.floor(random() * start.until(now).total('seconds')) }) : atWork
    return pastTask(team, part, completed, random)
  })
}

function pastTask(team: Team, part: Part, completed: Temporal.ZonedDateTime, random: () => number): PastTask {
  const { user } = team[part]
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() ** 1.4 * values.length)] as T
  const { name, titles } = pick(categories)
  const created = completed.subtract({ hours: 3 + Math.floor(random() * 240) })
  const at = (time: Temporal.ZonedDateTime) => time.toInstant().toString()
  const isOfTeam = part !== 'partner'
  return {
    owner_id: user.id,
    assignee_id: isOfTeam && random() < 0.2 ? team.designer.user.id : null,
    organization_id: user.organizationId,
    title: pick(titles),
    category: name,
    priority: pick(['medium', 'low', 'high']),
    created_at: at(created),
    completed_at: at(completed),
    due_date: random() < 0.8 ? at(dueAfter(completed, random)) : null,
    reminder_at: random() < 0.35 ? at(completed.subtract({ minutes: 30 + Math.floor(random() * 90) })) : null,
  }
}

/** Returns a full hour of work, some days around the completion. */
function dueAfter(completed: Temporal.ZonedDateTime, random: () => number): Temporal.ZonedDateTime {
  const hours = 9 + Math.floor(random() * 9)
  return completed
    .startOfDay()
    .subtract({ days: 1 })
    .add({ days: Math.floor(random() * 5), hours })
}
