import { type ProcessName, processNames, redisConnections } from '@muster/config'
import { type DatabaseSettings, maxConnectionsOf } from '@muster/db'

/** The migration, a command and a tool of the operator. */
export const spareConnections = 6
const pooledPerProcess = { api: 4, worker: 2 } as const

export type ProcessNumbers = Readonly<Record<ProcessName, number>>

const kindOf = (name: ProcessName) => (name === 'api' ? 'api' : 'worker')
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

/** Adds up the most connections that so many processes open, with one more of each kind, as a rolling deployment has for a while. */
export function connectionNeeds(numbers: ProcessNumbers, sizes: Pick<DatabaseSettings, 'poolMax' | 'pooler'>) {
  const processes = processNames.map((name) => ({
    name,
    number: numbers[name],
    postgres: maxConnectionsOf(kindOf(name), sizes),
    redis: redisConnections[name],
  }))
  const clientsOf = (pooler: DatabaseSettings['pooler']) =>
    totalOf(numbers, (name) => maxConnectionsOf(kindOf(name), { ...sizes, pooler })) + spareConnections
  const poolSize = sum(processes.map(({ name, number }) => number * pooledPerProcess[kindOf(name)]))
  return {
    processes,
    needed: {
      maxConnections: sizes.pooler === 'session' ? clientsOf('session') : poolSize + spareConnections,
      maxClients: totalOf(numbers, (name) => redisConnections[name]),
    },
    pgbouncer: { max_client_conn: clientsOf('transaction'), default_pool_size: poolSize },
  }
}

const totalOf = (numbers: ProcessNumbers, of: (name: ProcessName) => number) =>
  sum(processNames.map((name) => (numbers[name] > 0 ? (numbers[name] + 1) * of(name) : 0)))
