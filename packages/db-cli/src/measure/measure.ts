import { randomUUID } from 'node:crypto'
import { createDb, type Db } from '@muster/db'
import { buildLargeIndexes } from '@muster/db/large-indexes'
import { applyNext, createMigrator, finishMigrations } from '@muster/db/migrator'
import { sql } from 'kysely'
import { readDatabase } from '../environment.ts'
import { print } from '../print.ts'
import { endsRelease, fillEmpty } from './fill.ts'
import { startProbes, type Wait } from './probes.ts'

/** The last migration of the release 0.5.0, from which installations are upgraded. */
const defaultFrom = '0015_suppressions'
/** The longest that a migration may make others wait. */
const maxWaitMs = 2_000
const statementTimeoutMs = 3_600_000

type Options = { rows?: string | undefined; from?: string | undefined }
type Step = { name: string; seconds: number; wait: Wait }

/**
 * Fills a database of its own with big tables, applies the migrations after `from` while others read and write, and prints how long each made
 * them wait. Fails when one did for more than two seconds.
 */
export async function measureMigrations({ rows = '1000000', from = defaultFrom }: Options): Promise<void> {
  const count = Number(rows)
  if (!Number.isInteger(count) || count < 1) throw new Error(`--rows ${rows}: write a number of rows, such as 1000000`)
  const scratch = await createScratch()
  const db = open(scratch.url)
  try {
    await migrateTo(db, from)
    const steps = await measure(db, scratch.url, count)
    print(describe(steps))
    const slow = steps.filter(({ wait }) => wait.ms > maxWaitMs)
    if (slow.length > 0)
      throw new Error(`${slow.map(({ name }) => name).join(', ')}: others waited for more than ${maxWaitMs / 1_000} s.`)
  } finally {
    await db.destroy()
    await scratch.drop()
  }
}

const open = (url: string): Db => createDb({ url, poolMax: 2, applicationName: 'muster-migrate', statementTimeoutMs })

/** Creates a database beside that of the settings. */
async function createScratch(): Promise<{ url: string; drop(): Promise<void> }> {
  const settings = readDatabase()
  const name = `muster_measure_${randomUUID().slice(0, 8)}`
  const url = Object.assign(new URL(settings.url), { pathname: name }).href
  const beside = open(settings.url)
  await sql`create database ${sql.id(name)}`.execute(beside)
  print(`in ${name}, which is dropped at the end`)
  return {
    url,
    async drop() {
      await sql`drop database ${sql.id(name)} with (force)`.execute(beside)
      await beside.destroy()
    },
  }
}

async function migrateTo(db: Db, name: string): Promise<void> {
  const known = (await createMigrator(db).getMigrations()).map((migration) => migration.name)
  if (!known.includes(name)) throw new Error(`There is no ${name}; the migrations are ${known.join(', ')}.`)
  const { error } = await createMigrator(db).migrateTo(name)
  if (error) throw error
}

async function measure(db: Db, url: string, count: number): Promise<Step[]> {
  const steps: Step[] = []
  const fill = async () => {
    for (const table of await fillEmpty(db, count)) print(`filled ${table} with ${count.toLocaleString('en')} rows`)
  }
  await fill()
  const probes = startProbes(url)
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    probes.take()
    const startMs = performance.now()
    const done = await work()
    steps.push({ name, seconds: (performance.now() - startMs) / 1_000, wait: probes.take() })
    return done
  }
  try {
    for (;;) {
      const applied = await step('', () => applyNext(db))
      const last = steps.at(-1) as Step
      if (!applied) break
      last.name = applied.replace('applied ', '')
      if (endsRelease(last.name)) await fill()
    }
    steps.pop()
    await step('after the commits (finish)', () => finishMigrations(db))
    await step('large indexes', () => buildLargeIndexes(db))
    return steps
  } finally {
    await probes.stop()
  }
}

function describe(steps: readonly Step[]): string {
  const width = Math.max(...steps.map(({ name }) => name.length))
  const lines = steps.map(({ name, seconds, wait }) => {
    const mark = wait.ms > maxWaitMs ? '  TOO LONG' : ''
    return `${name.padEnd(width)}  ${seconds.toFixed(1).padStart(7)} s  ${wait.ms.toFixed(0).padStart(6)} ms  ${wait.table}${mark}`
  })
  return [`${'migration'.padEnd(width)}       took    longest wait of others`, ...lines].join('\n')
}
