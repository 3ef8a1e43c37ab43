import { Socket } from 'node:net'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { isStale, nameStatements } from './named-statements.ts'

/**
 * In place of a pool: one connection that all use at the same time, opened when it is first needed and again after it broke.
 * Nobody waits for an earlier answer before asking, and what is asked in one turn of the event loop goes out in one write
 * (`pg`'s pipeline mode; over TLS in several). The answers come in the order of the questions, and a question that fails
 * fails alone.
 */
export function sharedConnection(config: pg.ClientConfig): PostgresPool {
  const names = nameStatements()
  let current: { client: pg.Client; opened: Promise<PostgresPoolClient> } | undefined

  const open = () => {
    const socket = new Socket()
    const client = new pg.Client({ ...config, pipeline: true, stream: () => socket })
    const forget = () => {
      if (current?.client === client) current = undefined
    }
    client.on('error', forget).on('end', forget)
    const inOneWrite = oneWriteATurn(socket)
    const ask = (question: pg.QueryConfig) => {
      inOneWrite()
      return client.query(question)
    }
    const query = async (text: string, values: unknown[]) => {
      const named = names.config(text, values)
      try {
        return await ask(named)
      } catch (error) {
        if (!isStale(error)) throw error
        names.renew(named)
        // Without a name, so that it hangs on nobody else's.
        return ask({ text, values })
      }
    }
    const opened = client.connect().then(
      () => ({ query, release() {} }) as unknown as PostgresPoolClient,
      (error: unknown) => {
        forget()
        throw error
      },
    )
    current = { client, opened }
    return current
  }

  return {
    options: config,
    connect: () => (current ?? open()).opened,
    end: async () => {
      const last = current
      await last?.opened.catch(() => {})
      await last?.client.end()
    },
  } as PostgresPool
}

/** @returns what is called before a write: it keeps writes back until the loop has handled all that came in with this turn */
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
