import { type ProcessName, processNames } from '@muster/config'
import { type ConnectionLimits, directly, readConnectionLimits } from '@muster/db'
import { connectionNeeds, spareConnections } from '@muster/doctor'
import { z } from 'zod'
import { type Result, table } from './command.ts'
import { checked, findDatabase, readPoolSizes, withDb } from './environment.ts'

const count = z.coerce.number('is not a number').int().min(0).max(10_000).default(1)
const counts = z.object(
  Object.fromEntries(processNames.map((name) => [name, count])) as Record<ProcessName, typeof count>,
)

/**
 * Adds up the most connections that so many processes open to Postgres and Redis, with the sizes of a PgBouncer between. `isWell` is
 * false when the Postgres of the environment allows fewer.
 * @throws DomainError VALIDATION_FAILED for a wrong number
 */
export async function countConnections(given: Readonly<Record<string, string | undefined>>): Promise<Result> {
  const numbers = checked(counts, given)
  const sizes = readPoolSizes()
  const { processes, needed, pgbouncer } = connectionNeeds(numbers, sizes)
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
      `With one more of each during a rolling deployment, and ${spareConnections} for migrations, commands and tools:`,
      `Postgres${sizes.pooler === 'session' ? '' : ' behind one PgBouncer'}: max_connections of at least ${needed.maxConnections} beside the reserved ones`,
      `Redis: maxclients of at least ${needed.maxClients}, on a cluster for each master`,
      `PgBouncer in transaction mode: max_client_conn = ${pgbouncer.max_client_conn}, default_pool_size = ${pgbouncer.default_pool_size} to begin with`,
      ...(limits ? [`The Postgres of this environment allows ${limits.allowed}.`] : []),
    ],
    isWell: !limits || limits.allowed >= needed.maxConnections,
  }
}

/** Reads the limits of the Postgres of the environment, past a pooler, which may not be there yet; undefined when it names none. */
async function readLimits(): Promise<ConnectionLimits | undefined> {
  const database = findDatabase()
  return database && withDb(database.directUrl ? directly(database) : database, readConnectionLimits)
}
