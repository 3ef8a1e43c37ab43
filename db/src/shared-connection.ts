import { Socket } from 'node:net'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type pg from 'pg'
import { type PoolName, watchPool } from './pool-watch.ts'
import { Client } from './session-settings.ts'
import { isStale, namedStatements } from './statements.ts'
import { traceStatement } from './trace-statements.ts'

/**
 * Creates a replacement for a pool: one connection that all queries share. It is opened on first use, and again after it broke. Queries
 * do not wait for earlier responses; those of one turn of the event loop are sent in one write (`pg`'s pipeline mode; over TLS in
 * several). Responses come in the order of the queries, and a query that fails does not affect others.
 */
export function sharedConnection(config: pg.ClientConfig, name: PoolName): PostgresPool {
  const statements = namedStatements()
  let pending = 0
  let current: { client: pg.Client; opened: Promise<PostgresPoolClient> } | undefined

  const open = () => {
    const socket = new Socket()
    const client = new Client({ ...config, pipeline: true, stream: () => socket })
    const discard = () => {
      if (current?.client === client) current = undefined
    }
    client.on('error', discard).on('end', discard)
    const inOneWrite = oneWriteATurn(socket)
    const send = (question: pg.QueryConfig) => {
      inOneWrite()
      return client.query(question)
    }
    const run = async (text: string, values: unknown[]) => {
      const named = statements.config(text, values)
      pending += 1
      try {
        return await send(named)
      } catch (error) {
        if (!isStale(error)) throw error
        statements.renew(named)
        // Without a name, so that it depends on no other statement.
        return await send({ text, values })
      } finally {
        pending -= 1
      }
    }
    const query = (text: string, values: unknown[]) => traceStatement(text, () => run(text, values))
    const opened = client.connect().then(
      () => ({ query, release() {} }) as unknown as PostgresPoolClient,
      (error: unknown) => {
        discard()
        throw error
      },
    )
    current = { client, opened }
    return current
  }

  const unwatch = watchPool({
    name,
    state: () => ({ active: current && pending > 0 ? 1 : 0, idle: current && pending === 0 ? 1 : 0, waiting: 0 }),
  })

  return {
    options: config,
    connect: () => (current ?? open()).opened,
    end: async () => {
      unwatch()
      const last = current
      await last?.opened.catch(() => {})
      await last?.client.end()
    },
  } as PostgresPool
}

/** Creates a function to call before each write. It holds writes back until the end of the turn of the event loop. */
function oneWriteATurn(socket: Socket): () => void {
  let isHeld = false
  return () => {
    if (isHeld) return
    isHeld = true
    socket.cork()
    setImmediate(() => {
      isHeld = false
      socket.uncork()
    })
  }
}
