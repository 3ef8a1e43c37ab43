import { type ProcessName, processNames, redisConnections } from '@muster/config'
import {
  type ConnectionLimits,
  type DatabaseSettings,
  directly,
  maxConnectionsOf,
  readConnectionLimits,
} from '@muster/db'
import { z } from 'zod'
import { type Result, table } from './command.ts'
import { checked, findDatabase, readPoolSizes, withDb } from './environment.ts'

/** The migration, a command and a tool of the operator. */
const spare = 6
const pooledPerProcess = { api: 4, worker: 2 } as const

const count = z.coerce.number('is not a number').int().min(0).max(10_000).default(1)
const counts = z.object(
  Object.fromEntries(processNames.map((name) => [name, count])) as Record<ProcessName, typeof count>,
)

const kindOf = (name: ProcessName) => (name === 'api' ? 'api' : 'worker')
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

/**
 * Adds up the most connections that so many processes open to Postgres and Redis, with the sizes of a PgBouncer between. `isWell` is
 * false when the Postgres of the environment allows fewer.
 * @throws DomainError VALIDATION_FAILED for a wrong number
 */
export async function countConnections(given: Readonly<Record<string, string | undefined>>): Promise<Result> {
  const numbers = checked(counts, given)
  const sizes = readPoolSizes()
  const processes = processNames.map((name) => ({
    name,
    number: numbers[name],
    postgres: maxConnectionsOf(kindOf(name), sizes),
    redis: redisConnections[name],
  }))
  const clientsOf = (pooler: DatabaseSettings['pooler']) =>
    totalOf(numbers, (name) => maxConnectionsOf(kindOf(name), { ...sizes, pooler })) + spare
  const poolSize = sum(processes.map(({ name, number }) => number * pooledPerProcess[kindOf(name)]))
  const needed = {
    maxConnections: sizes.pooler === 'session' ? clientsOf('session') : poolSize + spare,
    maxClients: totalOf(numbers, (name) => redisConnections[name]),
  }
  const pgbouncer = { max_client_conn: clientsOf('transaction'), default_pool_size: poolSize }
  const limits = await readLimits()
  return {
    data: { processes, needed, pgbouncer, allowed: limits?.allowed ?? null },
    lines: [
      ...table(
        ['process', 'number', 'Postgres each', 'in all', 'Redis each', 'in all'],
        processes.map(({ name, number, postgres, redis }) =>
          [name, number, postgres, number * postgres, redis, number * redis].map(String),
        ),
      ),
      '',
      `With one more of each during a rolling deployment, and ${spare} for migrations, commands and tools:`,
      `Postgres${sizes.pooler === 'session' ? '' : ' behind one PgBouncer'}: max_connections of at least ${needed.maxConnections} beside the reserved ones`,
      `Redis: maxclients of at least ${needed.maxClients}, on a cluster for each master`,
      `PgBouncer in transaction mode: max_client_conn = ${pgbouncer.max_client_conn}, default_pool_size = ${poolSize} to begin with`,
      ...(limits ? [`The Postgres of this environment allows ${limits.allowed}.`] : []),
    ],
    isWell: !limits || limits.allowed >= needed.maxConnections,
  }
}

/** Adds up a number of all processes, with one process more of each kind, as a rolling deployment has for a while. */
const totalOf = (numbers: Readonly<Record<ProcessName, number>>, of: (name: ProcessName) => number) =>
  sum(processNames.map((name) => (numbers[name] > 0 ? (numbers[name] + 1) * of(name) : 0)))

/** Reads the limits of the Postgres of the environment, past a pooler, which may not be there yet; undefined when it names none. */
async function readLimits(): Promise<ConnectionLimits | undefined> {
  const database = findDatabase()
  return database && withDb(database.directUrl ? directly(database) : database, readConnectionLimits)
}
