import { faultOf } from '@muster/errors'
import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { issueOf, rule } from '../../http/errors/details-of-issues.ts'
import { calendarDate } from '../../http/fields.ts'
import { replyOf } from '../../http/reply.ts'

const count = (description: string) =>
  z
    .int()
    .min(0)
    .meta({ description, examples: [1] })
const date = (description: string) => z.iso.date().describe(description)

/** Completing a task also completes its reminders, so the two numbers are never added up. */
const completions = {
  completedTasks: count('Tasks completed in this time.'),
  completedReminders: count('Reminders completed in this time.'),
}

const dailyCompletions = z.object({ date: date('The date.'), ...completions })

export const analytics = z
  .object({
    totalTasks: count('All tasks that the caller owns or is assigned to.'),
    tasksByStatus: z
      .object({ todo: count('Not begun.'), 'in-progress': count('Begun.'), completed: count('Completed.') })
      .describe('The tasks by their status.'),
    tasksByPriority: z
      .object({ low: count('Low.'), medium: count('Medium.'), high: count('High.') })
      .describe('The tasks by their priority.'),
    completedReminders: count('Completed reminders.'),
    upcomingReminders: count('Pending reminders.'),
    overdueReminders: count('Reminders that were sent and are not completed, nor are their tasks.'),
    dailyData: z
      .array(dailyCompletions)
      .length(7)
      .describe('Completions on each of the last seven dates of the user’s zone, today last.'),
    weeklyData: z
      .array(z.object({ weekStart: date('The Monday with which the week begins.'), ...completions }))
      .length(4)
      .describe('The same for the last four weeks, the current one last.'),
    categoryData: z
      .array(
        z.object({
          category: z
            .string()
            .nullable()
            .meta({ description: 'The category; null for tasks without one.', examples: ['garden'] }),
          count: count('The number of its tasks.'),
          percent: z
            .number()
            .min(0)
            .max(1)
            .meta({ description: 'The share of all tasks, from 0 to 1.', examples: [0.5] }),
        }),
      )
      .describe('The tasks by their category, the most frequent first.'),
    generatedAt: instant.describe('When the figures were counted.'),
  })
  .meta({ id: 'Analytics', description: 'Figures about the tasks and reminders of the caller.' })
export type Analytics = z.infer<typeof analytics>

/** In days. */
export const streaks = z
  .object({
    active: count('The streak that ends today, or yesterday while nothing was completed today.'),
    longest: count('The longest streak.'),
  })
  .meta({ id: 'Streaks', description: 'Days in a row on which something was completed.' })
export type Streaks = z.infer<typeof streaks>

/** The dates of one answer at most: 54 weeks, which a leap year can touch. */
export const maxDays = 378

export const daysQuery = z
  .strictObject({
    from: calendarDate.meta({ description: 'The first date.', examples: ['2026-01-01'] }),
    to: calendarDate.meta({
      description: `The last date, at most ${maxDays - 1} days later.`,
      examples: ['2026-01-31'],
    }),
  })
  .superRefine(({ from, to }, ctx) => {
    const first = Temporal.PlainDate.from(from)
    const max = first.add({ days: maxDays - 1 }).toString()
    if (first.until(to).days >= maxDays) ctx.addIssue(issueOf(['to'], faultOf('OUT_OF_RANGE', { min: from, max })))
  })
  .refine(({ from, to }) => from <= to, { path: ['to'], ...rule('BEFORE', { field: 'from' }) })
export type DaysQuery = z.output<typeof daysQuery>

const completionDays = z
  .object({
    days: z
      .array(dailyCompletions)
      .max(maxDays)
      .describe('Each date of the range that the caller’s zone has, in order, also those without completions.'),
    generatedAt: instant.describe('When the figures were counted.'),
  })
  .meta({ id: 'CompletionDays', description: 'Completions of the caller by date.' })
export type CompletionDays = z.infer<typeof completionDays>

/** Dates with completions: the date, and the numbers of tasks and of reminders. */
const countedDays = z.array(z.tuple([z.string(), z.int(), z.int()]))

/** All parts of one read, which are cached together. `days` begins at `daysSince`, and leaves out dates without completions. */
export const analyticsReading = z.object({
  analytics,
  streaks,
  days: countedDays,
  daysSince: z.iso.date(),
  timezone: z.string(),
})
export type AnalyticsReading = z.output<typeof analyticsReading>

export const analyticsReply = replyOf(analytics)
export const streaksReply = replyOf(streaks)
export const daysReply = replyOf(completionDays)
