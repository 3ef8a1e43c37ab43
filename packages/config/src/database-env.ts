import type { z } from 'zod'
import { int, oneOf } from './fields.ts'
import { ConfigError } from './parse-env.ts'
import { services } from './service-parts.ts'
import { serviceUrl } from './service-url.ts'

const { protocol, form } = services.DATABASE_URL
const url = (parts?: readonly string[]) => serviceUrl({ protocol, form, ...(parts && { parts }) })

/** The variables that tell how to connect to Postgres. */
export const databaseEnv = () => ({
  DATABASE_URL: url(services.DATABASE_URL.parts),
  DATABASE_POOL_MAX: int({ min: 2, max: 200, default: 10 }),
  /** `transaction` when DATABASE_URL leads to a pooler that gives a connection away after each transaction. */
  DATABASE_POOLER: oneOf(['session', 'transaction']).default('session'),
  /** Leads past the pooler, for what needs a session. */
  DATABASE_DIRECT_URL: url().optional(),
})

type DatabaseEnv = z.output<z.ZodObject<ReturnType<typeof databaseEnv>>>

/** The start-up parameters of `pg` that a pooler in transaction mode refuses. */
const startUpParameters = ['options', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']

/**
 * Converts the variables of {@link databaseEnv} to settings.
 * @throws ConfigError when the variables contradict each other
 */
export function databaseSettings(read: DatabaseEnv) {
  const { DATABASE_URL, DATABASE_POOL_MAX, DATABASE_POOLER, DATABASE_DIRECT_URL } = read
  if (DATABASE_POOLER === 'transaction') {
    const faults = [...findRefusedParameters(DATABASE_URL), ...findSameServer(DATABASE_URL, DATABASE_DIRECT_URL)]
    if (faults.length > 0) throw new ConfigError(faults)
  }
  return { url: DATABASE_URL, poolMax: DATABASE_POOL_MAX, pooler: DATABASE_POOLER, directUrl: DATABASE_DIRECT_URL }
}

function findRefusedParameters(given: string): string[] {
  const { searchParams } = new URL(given)
  return startUpParameters
    .filter((name) => searchParams.has(name))
    .map(
      (name) =>
        `DATABASE_URL: a pooler in transaction mode refuses the parameter ${name}; remove it and set what it sets for the role, by ALTER ROLE … SET`,
    )
}

function findSameServer(given: string, direct: string | undefined): string[] {
  if (!direct || addressOf(given) !== addressOf(direct)) return []
  return [
    'DATABASE_DIRECT_URL: names the same host and port as DATABASE_URL, which leads to the pooler; write the address of Postgres itself',
  ]
}

/** Returns host and port, which a socket has in the query. */
function addressOf(given: string): string {
  const { hostname, port, searchParams } = new URL(given)
  return `${searchParams.get('host') ?? hostname}:${searchParams.get('port') ?? (port || '5432')}`
}
