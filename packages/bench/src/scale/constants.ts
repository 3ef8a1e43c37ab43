import { readFileSync, writeFileSync } from 'node:fs'

/** The cost of a unit: a request, a mail, an image, a second of an idle process. */
export type Cost = {
  /** Microseconds of processor time, by process: `api`, a worker, `postgres`, `redis`. */
  cpuUs: Record<string, number>
  redisCommands: number
  /** Bytes of the write-ahead log, without full page images. */
  walBytes: number
  /** Rows that were inserted, updated or deleted, and transactions; 0 where they were not counted. */
  rows: number
  transactions: number
  /** Bytes of tables and indexes that stay; 0 where they were not counted. */
  storedBytes: number
}

export const requestKinds = [
  'users-me',
  'task-read',
  'task-list',
  'chat-list',
  'message-list',
  'notification-list',
  'login',
  'task-create',
  'message-send',
] as const
export const workKinds = ['outbox-row', 'mail', 'notification', 'reminder', 'audit-row', 'image'] as const
export type RequestKind = (typeof requestKinds)[number]
export type WorkKind = (typeof workKinds)[number]

/** The measured constants of the model. `npm run bench -- scale --measure` writes them to `constants.json`. */
export type Constants = {
  command: string
  date: string
  machine: { cpu: string; cores: number; memoryGiB: number; node: string; postgres: string; redis: string }
  /** Each request with what it causes in the workers that run beside: the audit worker for `task-create`. */
  requests: Record<RequestKind, Cost>
  /** Jobs of workers, from the enqueue to the end. */
  work: Record<WorkKind, Cost>
  /** A second of each process while nothing happens. */
  idle: { api: Cost; workers: Cost }
  sockets: {
    /** Processor time of an instance for a signal about a chat none of whose members it has. */
    signalUs: number
    /** Processor time of an instance and of Postgres for a change of a chat that has members there. */
    changeUs: number
    changePostgresUs: number
    /** Processor time of an instance for each socket that it emits a change to. */
    deliveryUs: number
    /** Resident memory of an idle connection. */
    connectionBytes: number
    /** Bytes in Redis of a user with a connection: presence and limits. */
    redisBytes: number
  }
  /** One poll of revocations, 4 of which each instance sends a second. */
  revocationPollUs: number
  /** Rows a second that one audit worker chained while it held the lock of the head. */
  chainRowsPerSecond: number
  /** Processor time of Redis for a signal, for each process that receives it. */
  redisFanOutUs: number
  /** Connections that each process has to Redis. */
  redisConnections: Record<string, number>
  /** Bytes in Redis of a job that waits. */
  redisBytesPerJob: number
  /** Bytes in Redis of a user who made requests: profile, limits, presence. */
  redisBytesPerActiveUser: number
  /** Bytes of tables and indexes of a user with an organization, and of a session. */
  bytesPerUser: number
  bytesPerSession: number
  /** Resident memory of each process under the load of the measurement. */
  rssMiB: Record<string, number>
}

const file = new URL('./constants.json', import.meta.url)

/** Reads the measured constants. */
export const readConstants = (): Constants => JSON.parse(readFileSync(file, 'utf8')) as Constants

/** Writes the constants, from which the model computes and with which a test compares `docs/scale.md`. */
export function writeConstants(constants: Constants): void {
  writeFileSync(file, `${JSON.stringify(constants, rounded, 2)}\n`)
}

/** Three figures are more than a shared machine repeats. */
const rounded = (_key: string, value: unknown) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(3)) : value
