/** How much a run measures. */
export type Plan = {
  isSmoke: boolean
  /** Times that each side of a pair is measured, in turn. */
  rounds: number
  roundSeconds: number
  /** V8 goes on making the API's code faster for about this long, that of a bare server for a fraction of it. */
  warmUpSeconds: number
  /** Rounds of the sustained load, and how long each lasts. */
  sustainedRounds: number
  sustainedSeconds: number
  jobSeconds: number
  outboxRows: number
  mails: number
  auditRows: number
  /** Photos that each side of a pair makes small, and images that one worker gets for its memory to be watched. */
  photos: number
  mixedImages: number
  /** Reminders that wait; that are due within a second; that are due at one moment. */
  pendingReminders: number
  dueReminders: number
  burstReminders: number
  /** Users who are signed in at first; growth is measured with ten times as many. */
  users: number
  /** Tasks in the table at first; growth is measured at ten times as many. */
  tasks: number
  /** Tasks of strangers among which a list is read. */
  tasksOfOthers: number
  /** Tasks and reminders of one user whose analytics are read. */
  items: number
  warmStarts: number
}

export const fullPlan: Plan = {
  isSmoke: false,
  rounds: 5,
  roundSeconds: 5,
  warmUpSeconds: 20,
  sustainedRounds: 2,
  sustainedSeconds: 60,
  jobSeconds: 10,
  outboxRows: 50_000,
  mails: 5_000,
  auditRows: 50_000,
  photos: 12,
  mixedImages: 500,
  pendingReminders: 100_000,
  dueReminders: 10_000,
  burstReminders: 500,
  users: 10,
  tasks: 10_000,
  tasksOfOthers: 990_000,
  items: 100_000,
  warmStarts: 3,
}

/** Shows that every row runs and prints; its figures mean nothing. */
export const smokePlan: Plan = {
  isSmoke: true,
  rounds: 1,
  roundSeconds: 1,
  warmUpSeconds: 1,
  sustainedRounds: 1,
  sustainedSeconds: 1,
  jobSeconds: 1,
  outboxRows: 1_000,
  mails: 50,
  auditRows: 5_000,
  photos: 2,
  mixedImages: 20,
  pendingReminders: 1_000,
  dueReminders: 200,
  burstReminders: 50,
  users: 1,
  tasks: 100,
  tasksOfOthers: 1_000,
  items: 1_000,
  warmStarts: 1,
}
