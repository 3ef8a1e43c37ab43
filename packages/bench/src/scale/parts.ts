import type { Assumptions } from './assumptions.ts'
import type { Constants } from './constants.ts'
import type { Estimate } from './model.ts'

/** A part of an installation with what limits it. */
export type Part = {
  name: string
  load: number
  /** The load that one process or one server takes, with the headroom left free. */
  capacity: number
  unit: string
  /** Load by capacity. Above 1 one process, or one server, is not enough. */
  share: number
  /** `processes`: more of them help, and the estimate counts them. `single`: there is one of it, however many processes are started. */
  kind: 'processes' | 'single'
  /** The remedy when it gives way. */
  turn: string
}

type Inputs = Omit<Estimate, 'parts'>

const gates = {
  api: 'more API processes (KEDA)',
  sequencer: 'more API processes; a balancer that keeps the members of an organization on the same ones',
  sockets: 'more API processes (KEDA)',
  email: 'more email workers (KEDA); SMTP_MAX_CONNECTIONS and SMTP_MAX_PER_SECOND as the provider allows',
  reminder: 'more reminder workers (KEDA)',
  image: 'more image workers (KEDA)',
  outbox: 'more processes: each publishes its own rows, and they skip what others have locked',
  chain: 'one audit chain for each shard of organizations',
  postgresCpu: 'a larger primary; reads to replicas (DATABASE_REPLICA_URL); distribution by organization (Citus)',
  wal: 'a faster disk; distribution by organization (Citus)',
  disk: 'shorter RETENTION_*; partitions by month; distribution by organization (Citus)',
  connections: 'PgBouncer in transaction mode (DATABASE_POOLER=transaction)',
  polls: 'fewer, larger API processes; polls at a replica',
  signals: 'one channel for each shard of organizations instead of one for all',
  redisCpu: 'Redis Cluster',
  redisMemory: 'Redis Cluster',
} as const

/** Lists all parts, the one that gives way first at the top. */
export function partsOf(of: Inputs, assumed: Assumptions, constants: Constants): Part[] {
  const free = 1 - assumed.headroom
  const part = (
    name: string,
    load: number,
    capacity: number,
    unit: string,
    kind: Part['kind'],
    turn: string,
  ): Part => ({
    name,
    load,
    capacity,
    unit,
    share: load / capacity,
    kind,
    turn,
  })
  const cores = (name: string, load: number, turn: string) => part(name, load, free, 'processors', 'processes', turn)
  const { processes, postgres, redis } = of
  const outbox = constants.work['outbox-row'].cpuUs
  const parts = [
    cores('API', processes.api.cores, gates.api),
    cores('sequencer', sequencerCores(of, assumed, constants), gates.sequencer),
    part('sockets', of.sockets, assumed.connections, 'connections', 'processes', gates.sockets),
    cores('email worker', processes['email-worker'].cores, gates.email),
    cores('reminder worker', processes['reminder-worker'].cores, gates.reminder),
    cores('image worker', processes['image-worker'].cores, gates.image),
    cores('outbox', (of.jobsPerSecond * ((outbox.api ?? 0) + (outbox.postgres ?? 0))) / 1e6, gates.outbox),
    part('audit chain', of.chainRowsPerSecond, chainCapacity(constants) * free, 'rows/s', 'single', gates.chain),
    part('Postgres processors', postgres.cores, assumed.cores * free, 'processors', 'single', gates.postgresCpu),
    part('Postgres write-ahead log', postgres.walMiBPerSecond, assumed.walMiB * free, 'MiB/s', 'single', gates.wal),
    part('Postgres disk', postgres.tibKept, assumed.diskTiB, 'TiB', 'single', gates.disk),
    part(
      'Postgres connections',
      postgres.connections,
      assumed.postgresConnections,
      'connections',
      'single',
      gates.connections,
    ),
    part('polls of revocations', postgres.pollCores, assumed.cores * free, 'processors', 'single', gates.polls),
    part('signals at each API', of.signalShare, free, 'processors', 'single', gates.signals),
    part('signals in Redis', redis.fanOutCores, free, 'processors', 'single', gates.signals),
    part('Redis processor', redis.cores - redis.fanOutCores, free, 'processors', 'single', gates.redisCpu),
    part('Redis memory', redis.memoryGiB, assumed.redisGiB, 'GiB', 'single', gates.redisMemory),
  ]
  return parts.toSorted((a, b) => b.share - a.share)
}

/** Rows a second that the chain takes: worker and Postgres work on a batch in turn, under the lock of the head. */
export function chainCapacity(constants: Constants): number {
  const { cpuUs } = constants.work['audit-row']
  return 1e6 / ((cpuUs['audit-worker'] ?? 0) + (cpuUs.postgres ?? 0))
}

const sequencerCores = ({ peak, processes }: Inputs, { receivers }: Assumptions, { sockets }: Constants) =>
  (peak['message-send'] *
    (Math.min(receivers + 1, processes.api.count) * sockets.changeUs + receivers * sockets.deliveryUs)) /
  1e6

/** The part of which there is one, and which is used most. */
export const firstToGiveWay = (parts: readonly Part[]): Part => parts.find(({ kind }) => kind === 'single') as Part

/** The parts of which one is not enough at this size, the fullest first. */
export const gaveWay = (parts: readonly Part[]): Part[] =>
  parts.filter(({ kind, share }) => kind === 'single' && share > 1)
