import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
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
      .array(z.object({ date: date('The date.'), ...completions }))
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

/** Both parts of one read, which are cached together. */
export const analyticsReading = z.object({ analytics, streaks })
export type AnalyticsReading = z.output<typeof analyticsReading>

export const analyticsReply = replyOf(analytics)
export const streaksReply = replyOf(streaks)
