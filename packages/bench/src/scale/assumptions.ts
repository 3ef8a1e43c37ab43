/** Values of the model that nobody measured. Each can be set by `--assume NAME=VALUE`. */
export const assumptions = {
  active: { value: 0.3, min: 0, max: 1, what: 'share of the users who are active on a day' },
  online: { value: 0.1, min: 0, max: 1, what: 'share of the users with an open connection at the peak' },
  reads: { value: 80, min: 0, max: 1e5, what: 'reading requests of an active user a day, by the shares below' },
  logins: { value: 0.2, min: 0, max: 100, what: 'sign-ins by password of an active user a day' },
  sessions: { value: 2, min: 0, max: 100, what: 'sessions of a user that are kept' },
  peak: { value: 4, min: 1, max: 1_000, what: 'load of the busiest minutes, as a multiple of the mean of the day' },
  headroom: { value: 0.4, min: 0, max: 0.95, what: 'share of each processor and server that stays free at the peak' },
  receivers: { value: 3, min: 0, max: 1_000, what: 'connections that a message is delivered to, beside its sender' },
  notifications: { value: 0.5, min: 0, max: 100, what: 'notifications for each task; a fifth of it for each message' },
  reminders: { value: 0.5, min: 0, max: 100, what: 'reminders for each task' },
  images: {
    value: 0.05,
    min: 0,
    max: 20,
    what: 'photos of 12 megapixels for each task, and half of it for each message',
  },
  pageImages: {
    value: 2,
    min: 1,
    max: 20,
    what: 'write-ahead log with full page images, as a multiple of that without them',
  },
  connections: { value: 10_000, min: 100, max: 200_000, what: 'connections that one API process keeps at most' },
  apis: { value: 2, min: 1, max: 1_000, what: 'API processes at least, so that one can be replaced' },
  pool: { value: 10, min: 2, max: 200, what: 'DATABASE_POOL_MAX of each process' },
  cores: { value: 32, min: 1, max: 1_000, what: 'processors of the Postgres primary' },
  walMiB: {
    value: 200,
    min: 1,
    max: 100_000,
    what: 'MiB of write-ahead log a second that the disk of the primary and its replicas take',
  },
  diskTiB: {
    value: 8,
    min: 0.01,
    max: 10_000,
    what: 'TiB that one Postgres holds and can be restored from a backup in a night',
  },
  postgresConnections: {
    value: 500,
    min: 10,
    max: 10_000,
    what: 'connections that one Postgres serves without a pooler',
  },
  redisGiB: { value: 16, min: 0.1, max: 1_000, what: 'GiB of one Redis' },
  years: { value: 2, min: 0.01, max: 50, what: 'years for which rows are kept' },
} as const satisfies Record<string, { value: number; min: number; max: number; what: string }>

export type AssumptionName = keyof typeof assumptions
export type Assumptions = Record<AssumptionName, number>

export const defaultAssumptions = (): Assumptions =>
  Object.fromEntries(Object.entries(assumptions).map(([name, { value }]) => [name, value])) as Assumptions

/** Shares of the reading requests. */
export const readShares = {
  'users-me': 0.1,
  'task-read': 0.2,
  'task-list': 0.3,
  'chat-list': 0.1,
  'message-list': 0.2,
  'notification-list': 0.1,
} as const
