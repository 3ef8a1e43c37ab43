import { z } from 'zod'
import { instant, replyOf } from '../../http/reply.ts'

const count = z.int().min(0)
const date = z.iso.date()

export const analytics = z
  .object({
    totalTasks: count,
    tasksByStatus: z.object({ todo: count, 'in-progress': count, completed: count }),
    tasksByPriority: z.object({ low: count, medium: count, high: count }),
    completedReminders: count,
    /** Still to come. */
    upcomingReminders: count,
    /** Sent, and neither they nor their tasks are completed. */
    overdueReminders: count,
    /** Tasks and reminders completed on each of the last seven dates of the person's zone, today last. */
    dailyData: z.array(z.object({ date, completed: count })).length(7),
    /** The same of the last four weeks, this one last; they begin on Monday. */
    weeklyData: z.array(z.object({ weekStart: date, completed: count })).length(4),
    /** The most frequent first; `percent` is the share of all tasks, from 0 to 1. */
    categoryData: z.array(z.object({ category: z.string(), count, percent: z.number().min(0).max(1) })),
    generatedAt: instant,
  })
  .meta({ id: 'Analytics' })
export type Analytics = z.infer<typeof analytics>

/** In days. */
export const streaks = z
  .object({
    /** Up to today, or to yesterday as long as today brought nothing yet. */
    active: count,
    longest: count,
  })
  .meta({ id: 'Streaks' })
export type Streaks = z.infer<typeof streaks>

/** What one reading tells. */
export const told = z.object({ analytics, streaks })
export type Told = z.output<typeof told>

export const analyticsReply = replyOf(analytics)
export const streaksReply = replyOf(streaks)
