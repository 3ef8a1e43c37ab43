import { setTimeout as sleep } from 'node:timers/promises'
import { createDb, type Db } from '@muster/db'
import { sql } from 'kysely'
import { bigTables } from './fill.ts'

/** The longest wait of a reader or a writer, and at which table. */
export type Wait = { ms: number; table: string }

export type Probes = {
  /** Returns the longest wait since the last call, also of a probe that still waits. */
  take(): Wait
  stop(): Promise<void>
}

const pauseMs = 20

/** Reads and writes each of the tables again and again, over a connection each, as running processes do. */
export function startProbes(url: string): Probes {
  const db = createDb({
    url,
    poolMax: bigTables.length,
    applicationName: 'muster-measure',
    statementTimeoutMs: 600_000,
  })
  let longest: Wait = { ms: 0, table: '' }
  let isStopping = false
  const begun = new Map<string, number>()
  const note = (table: string, ms: number) => {
    if (ms > longest.ms) longest = { ms, table }
  }
  const probeAgainAndAgain = async (table: string) => {
    while (!isStopping) {
      const startMs = performance.now()
      begun.set(table, startMs)
      await probe(db, table)
      note(table, performance.now() - startMs)
      begun.delete(table)
      await sleep(pauseMs)
    }
  }
  const running = Promise.all(bigTables.map(probeAgainAndAgain))
  return {
    take() {
      for (const [table, startMs] of begun) note(table, performance.now() - startMs)
      const taken = longest
      longest = { ms: 0, table: '' }
      return taken
    },
    async stop() {
      isStopping = true
      await running
      await db.destroy()
    },
  }
}

/** Takes the lock of a write, and locks a row. A table that does not exist yet is no fault. */
async function probe(db: Db, table: string): Promise<void> {
  await db
    .transaction()
    .execute(async (trx) => {
      await sql`lock table ${sql.table(table)} in row exclusive mode`.execute(trx)
      await sql`select from ${sql.table(table)} where ctid = '(0,1)' for update`.execute(trx)
    })
    .catch((error: { code?: string }) => {
      if (error.code !== undefinedTable) throw error
    })
}

const undefinedTable = '42P01'
