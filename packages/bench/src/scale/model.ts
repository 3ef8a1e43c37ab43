import { maxConnectionsOf } from '@muster/db'
import type { Assumptions } from './assumptions.ts'
import type { Constants } from './constants.ts'
import type { Workload } from './options.ts'
import { type Part, partsOf } from './parts.ts'
import { type Rates, ratesOf, total } from './rates.ts'

const secondsPerDay = 86_400
const pollsPerSecond = 4
const gib = 2 ** 30
const workers = ['email-worker', 'audit-worker', 'reminder-worker', 'image-worker'] as const
/** A person is held in Redis for this long after a request: presence, the profile, limits. */
const activeHours = 1

export type Processes = Record<'api' | (typeof workers)[number], { count: number; cores: number; memoryGiB: number }>

/** The resources that an installation needs at its peak. */
export type Estimate = {
  workload: Workload
  /** Events a second at the peak. */
  peak: Rates
  processes: Processes
  /** Connections of clients. */
  sockets: number
  postgres: {
    cores: number
    /** Of them for polls of revocations, and for reading changes of chats that members on other instances receive. */
    pollCores: number
    changeCores: number
    transactionsPerSecond: number
    rowsPerSecond: number
    walMiBPerSecond: number
    gibPerDay: number
    tibKept: number
    connections: number
  }
  redis: {
    cores: number
    /** Of them for passing signals on to each process that listens. */
    fanOutCores: number
    commandsPerSecond: number
    memoryGiB: number
    connections: number
  }
  /** Share of an API process's processor that goes into signals of chats none of whose members it has. */
  signalShare: number
  chainRowsPerSecond: number
  jobsPerSecond: number
  parts: Part[]
}

/** Computes what a workload needs. */
export function estimate(workload: Workload, assumed: Assumptions, constants: Constants): Estimate {
  const perDay = ratesOf(workload, assumed)
  const peak = Object.fromEntries(
    Object.entries(perDay).map(([kind, count]) => [kind, (count / secondsPerDay) * assumed.peak]),
  ) as Rates
  const sockets = workload.users * assumed.online
  const messages = peak['message-send']
  const signals = messages + peak.notification + peak['task-create']
  const signalShare = (signals * constants.sockets.signalUs) / 1e6
  const apis = apiProcesses({ constants, assumed, peak, sockets, signalShare })
  const processes = { api: apis, ...workerProcesses(constants, assumed, peak) }
  const count = Object.values(processes).reduce((sum, each) => sum + each.count, 0)

  const us = (name: string) => total(constants, peak, ({ cpuUs }) => cpuUs[name] ?? 0) / 1e6
  const idle = (name: string) =>
    ((constants.idle.api.cpuUs[name] ?? 0) * apis.count + (constants.idle.workers.cpuUs[name] ?? 0)) / 1e6
  const spread = Math.min(assumed.receivers + 1, apis.count)
  const changeCores = (messages * spread * constants.sockets.changePostgresUs) / 1e6
  const stored = total(constants, perDay, ({ storedBytes }) => storedBytes)
  const accounts = workload.users * (constants.bytesPerUser + assumed.sessions * constants.bytesPerSession)
  const fanOutCores = (signals * count * constants.redisFanOutUs) / 1e6
  const jobsPerSecond = peak.mail + peak.reminder + peak.image
  const activeUsers = (workload.users * assumed.active * activeHours * assumed.peak) / 24
  const estimated = {
    workload,
    peak,
    processes,
    sockets,
    postgres: {
      cores: us('postgres') + idle('postgres') + changeCores,
      pollCores: (apis.count * pollsPerSecond * constants.revocationPollUs) / 1e6,
      changeCores,
      transactionsPerSecond: total(constants, peak, ({ transactions }) => transactions),
      rowsPerSecond: total(constants, peak, ({ rows }) => rows),
      walMiBPerSecond: (total(constants, peak, ({ walBytes }) => walBytes) * assumed.pageImages) / 2 ** 20,
      gibPerDay: stored / gib,
      tibKept: (accounts + stored * 365 * assumed.years) / 2 ** 40,
      connections: postgresConnections(processes, assumed.pool),
    },
    redis: {
      cores: us('redis') + idle('redis') + fanOutCores,
      fanOutCores,
      commandsPerSecond: total(constants, peak, ({ redisCommands }) => redisCommands),
      memoryGiB:
        (activeUsers * constants.redisBytesPerActiveUser +
          sockets * constants.sockets.redisBytes +
          // Jobs that are done stay for an hour, 10,000 of each queue; a minute of them waits when workers are restarted.
          (40_000 + jobsPerSecond * 60) * constants.redisBytesPerJob) /
        gib,
      connections: Object.entries(processes).reduce(
        (sum, [name, { count }]) => sum + count * (constants.redisConnections[name] ?? 0),
        0,
      ),
    },
    signalShare,
    chainRowsPerSecond: peak['task-create'] + peak.login,
    jobsPerSecond,
  }
  return { ...estimated, parts: partsOf(estimated, assumed, constants) }
}

type ApiInputs = { constants: Constants; assumed: Assumptions; peak: Rates; sockets: number; signalShare: number }

/** Finds the number of API processes. Each more of them receives all signals, so the number is the fixed point of what it causes. */
function apiProcesses({ constants, assumed, peak, sockets, signalShare }: ApiInputs) {
  const { changeUs, deliveryUs, connectionBytes } = constants.sockets
  const messages = peak['message-send']
  const own =
    total(constants, peak, ({ cpuUs }) => cpuUs.api ?? 0) / 1e6 + (messages * assumed.receivers * deliveryUs) / 1e6
  const idle = (constants.idle.api.cpuUs.api ?? 0) / 1e6
  // Where signals alone fill a process, no number of processes is enough. Then they are left out: the part "signals" tells it.
  const free = 1 - assumed.headroom - idle
  const heard = signalShare < free / 2 ? signalShare : 0
  let [count, cores] = [0, 0]
  for (let next = 1; next > count; ) {
    count = next
    cores = own + (messages * Math.min(assumed.receivers + 1, count) * changeUs) / 1e6
    next = Math.ceil(Math.max(cores / (free - heard), sockets / assumed.connections, assumed.apis))
  }
  const memoryGiB = (count * (constants.rssMiB.api ?? 0)) / 1_024 + (sockets * connectionBytes) / gib
  return { count, cores: cores + count * (idle + heard), memoryGiB }
}

function workerProcesses(constants: Constants, assumed: Assumptions, peak: Rates): Omit<Processes, 'api'> {
  return Object.fromEntries(
    workers.map((name) => {
      const idle = (constants.idle.workers.cpuUs[name] ?? 0) / 1e6
      const cores = total(constants, peak, ({ cpuUs }) => cpuUs[name] ?? 0) / 1e6
      // One audit worker appends at a time; a second one takes over when it dies.
      const count =
        name === 'audit-worker'
          ? Math.min(2, assumed.apis)
          : Math.max(1, Math.ceil(cores / (1 - assumed.headroom - idle)))
      return [name, { count, cores: cores + idle * count, memoryGiB: (count * (constants.rssMiB[name] ?? 0)) / 1_024 }]
    }),
  ) as Omit<Processes, 'api'>
}

function postgresConnections(processes: Processes, poolMax: number): number {
  return Object.entries(processes).reduce(
    (sum, [name, { count }]) =>
      sum + count * maxConnectionsOf(name === 'api' ? 'api' : 'worker', { poolMax, pooler: 'session' }),
    0,
  )
}
