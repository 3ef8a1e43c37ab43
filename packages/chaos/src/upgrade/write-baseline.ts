import { execFile } from 'node:child_process'
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from '@muster/testing'
import { startChaosPostgres } from '../faults/postgres.ts'
import { workerNames } from '../system/apps.ts'
import { startSystemOn } from '../system/system.ts'
import { type Baseline, baselineFiles, newKeyRings, ringsByApp } from './baseline.ts'
import { baselinePassword, fillRelease } from './fill-release.ts'
import { installCode, migrateBy, releases } from './releases.ts'

/*
 * Writes the baseline of a release of `db/baseline/releases.json`: runs the code of its commit on Debian's Postgres, uses it, and dumps
 * what is there while some work is left. Run once for each release, by `npm run chaos -- baseline <version>`.
 */
const [version = ''] = process.argv.slice(2)
const release = releases.find((each) => each.version === version)
if (!release) throw new Error(`db/baseline/releases.json has no ${version}: add it with the commit of the release.`)
const code = await installCode(release.commit)
if ('obstacle' in code) throw new Error(code.obstacle)
const [initdb, pgDump] = [findProgram('initdb'), findProgram('pg_dump')]
if (!initdb || !pgDump) throw new Error("Needs the programs of Debian's package postgresql.")

const keyRings = newKeyRings()
const checkout = code.folder
const database = { programs: dirname(dirname(initdb)), migrate: (url: string) => migrateBy(checkout, url) }
const system = await startSystemOn((places) => startChaosPostgres({ ...places, ...database }), ringsByApp(keyRings))
try {
  const admin = { BOOTSTRAP_ADMIN_EMAIL: 'ada@example.test', BOOTSTRAP_ADMIN_PASSWORD: baselinePassword }
  const api = await system.start('api', { checkout, env: admin })
  const workers = await Promise.all(workerNames.map((name) => system.start(name, { checkout })))
  const facts = await fillRelease(system, workers)
  await api.terminate()
  const [head] = await system.inspector.query<{ seq: number; hash: string }>(
    `select seq::int, encode(hash, 'hex') as hash from audit_events order by seq desc limit 1`,
  )
  const baseline: Baseline = {
    ...{ version, commit: code.commit, madeAt: new Date().toISOString(), keyRings },
    ...{ ...facts, auditHead: head as { seq: number; hash: string } },
  }
  await write(baseline, system.postgres.url)
} finally {
  await system.close()
}

async function write(baseline: Baseline, databaseUrl: string): Promise<void> {
  const { dump, facts, files } = baselineFiles(baseline.version)
  await rm(files, { recursive: true, force: true })
  await mkdir(dirname(dump), { recursive: true })
  const options = ['--inserts', '--no-owner', '--no-privileges', '--no-comments', '--dbname', databaseUrl]
  const { stdout } = await promisify(execFile)(pgDump as string, options, { maxBuffer: 64 * 1024 ** 2 })
  // Without the commands of psql, which nothing but psql executes.
  const lines = stdout.split('\n').filter((line) => !line.startsWith('\\') && !line.startsWith('--'))
  const text = lines.join('\n').replaceAll(/\n{3,}/g, '\n\n')
  await writeFile(dump, `${text.trim()}\n`)
  await writeFile(facts, `${JSON.stringify(baseline, null, 2)}\n`)
  await cp(join(system.home, 'files'), files, { recursive: true })
}
