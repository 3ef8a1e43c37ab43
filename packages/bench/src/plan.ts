/** How much a run measures. */
export type Plan = {
  isSmoke: boolean
  /** How many times each side of a pair is measured, alternately. */
  rounds: number
  roundSeconds: number
  /** V8 keeps optimizing the API's code for about this long, and a bare server's for a fraction of it. */
  warmUpSeconds: number
  /** Number and duration of the rounds under sustained load. */
  sustainedRounds: number
  sustainedSeconds: number
  jobSeconds: number
  outboxRows: number
  mails: number
  auditRows: number
  /** Photos that each side of a pair scales down, and images that one worker processes while its memory is sampled. */
  photos: number
  mixedImages: number
  /** Pending reminders of the future; reminders due within one second; reminders due at the same moment. */
  pendingReminders: number
  dueReminders: number
  burstReminders: number
  /** Signed-in users; growth is measured with ten times as many. */
  users: number
  /** Tasks in the table; growth is measured with ten times as many. */
  tasks: number
  /** Tasks of other users in the table while a list is read. */
  tasksOfOthers: number
  /** Tasks and reminders of one user whose analytics are read. */
  items: number
  warmStarts: number
  /** Of an installation that operators look after. */
  auditEvents: number
  mailsSent: number
  failedJobs: number
  /** Sockets of as many users, on two APIs together. */
  sockets: number
  /** Members of the group that chats, and for how long it does in a round. */
  groupMembers: number
  chatSeconds: number
  /** Sockets that do nothing, and for how long idle processes are watched. */
  idleSockets: number
  idleSeconds: number
  /** How long a process is left alone before its memory is read. */
  settleSeconds: number
  uploads: number
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
  auditEvents: 1_000_000,
  mailsSent: 100_000,
  failedJobs: 200_000,
  sockets: 1_000,
  groupMembers: 500,
  chatSeconds: 10,
  idleSockets: 2_000,
  idleSeconds: 60,
  settleSeconds: 3,
  uploads: 500,
}

/** Runs every row quickly, to test that it works. Its figures mean nothing. */
export const smokePlan: Plan = {
  isSmoke: true,
  rounds: 1,
  roundSeconds: 1,
  warmUpSeconds: 0,
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
  auditEvents: 500,
  mailsSent: 500,
  failedJobs: 500,
  sockets: 20,
  groupMembers: 10,
  chatSeconds: 1,
  idleSockets: 20,
  idleSeconds: 1,
  settleSeconds: 0.2,
  uploads: 10,
}
