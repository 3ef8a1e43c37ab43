import { z } from 'zod'
import { instant, replyOf } from '../../http/reply.ts'

const count = z.int().min(0)
const date = z.iso.date()

/** Completing a task also completes its reminders, so the two numbers are never added up. */
const completions = { completedTasks: count, completedReminders: count }

export const analytics = z
  .object({
    totalTasks: count,
    tasksByStatus: z.object({ todo: count, 'in-progress': count, completed: count }),
    tasksByPriority: z.object({ low: count, medium: count, high: count }),
    completedReminders: count,
    /** Pending reminders. */
    upcomingReminders: count,
    /** Reminders that were sent and are not completed, nor are their tasks. */
    overdueReminders: count,
    /** Completions on each of the last seven dates of the user's zone, today last. */
    dailyData: z.array(z.object({ date, ...completions })).length(7),
    /** The same for the last four weeks, the current one last; weeks begin on Monday. */
    weeklyData: z.array(z.object({ weekStart: date, ...completions })).length(4),
    /** The most frequent first, null for tasks without a category; `percent` is the share of all tasks, from 0 to 1. */
    categoryData: z.array(z.object({ category: z.string().nullable(), count, percent: z.number().min(0).max(1) })),
    generatedAt: instant,
  })
  .meta({ id: 'Analytics' })
export type Analytics = z.infer<typeof analytics>

/** In days. */
export const streaks = z
  .object({
    /** Ends today, or yesterday while nothing was completed today. */
    active: count,
    longest: count,
  })
  .meta({ id: 'Streaks' })
export type Streaks = z.infer<typeof streaks>

/** Both parts of one read, which are cached together. */
export const analyticsReading = z.object({ analytics, streaks })
export type AnalyticsReading = z.output<typeof analyticsReading>

export const analyticsReply = replyOf(analytics)
export const streaksReply = replyOf(streaks)
