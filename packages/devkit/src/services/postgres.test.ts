import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '@muster/supervisor'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { freePort } from './ports.ts'
import { removeCluster, startPostgres } from './postgres.ts'
import { clusterFolder, postgresOwner } from './postgres-files.ts'

const password = 'right-one'
let homes: string[] = []

/** Only its owner may enter a folder of mkdtemp, as with a checkout in /root. */
function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'muster-postgres-'))
  homes.push(home)
  return home
}

afterAll(async () => {
  for (const home of homes) {
    await removeCluster(join(home, 'postgres'))
    rmSync(home, { recursive: true, force: true })
  }
  homes = []
})

const start = async (home: string) =>
  startPostgres({
    dir: join(home, 'postgres'),
    port: await freePort(),
    logFile: join(home, 'postgres.log'),
    password,
    isDurable: false,
  })

describe('a cluster in a folder that only the caller may enter', () => {
  const home = makeHome()

  test('starts, and requires the password', async () => {
    const service = await start(home)
    expect(await versionAt(service.url)).toMatch(/^18\./)
    await expect(versionAt(service.url.replace(password, 'wrong-one'))).rejects.toThrow(/password/)
    await service.stop()
    expect(isAlive(service.pid)).toBe(false)
  })

  test('is stopped by the next start when a killed run left it running, and keeps its data', async () => {
    const first = await start(home)
    await withClient(first.url, (client) => client.query('CREATE TABLE kept (id int)'))
    const second = await start(home)
    expect(isAlive(first.pid)).toBe(false)
    expect((await withClient(second.url, (client) => client.query('SELECT * FROM kept'))).rowCount).toBe(0)
    await second.stop()
  })

  test('starts although its postmaster.pid has the id of another process', async () => {
    const folder = clusterFolder(join(home, 'postgres'), postgresOwner())
    writeFileSync(join(folder, 'postmaster.pid'), `${process.pid}\n${folder}\n0\n1\n\n127.0.0.1\n\n`)
    const service = await start(home)
    expect(isAlive(process.pid)).toBe(true)
    await service.stop()
  })
})

test('an initdb that was killed before its end is repeated', async () => {
  const home = makeHome()
  mkdirSync(join(home, 'postgres.unfinished'))
  const service = await start(home)
  expect(await versionAt(service.url)).toMatch(/^18\./)
  await service.stop()
})

async function versionAt(url: string): Promise<string> {
  const { rows } = await withClient(url, (client) => client.query<{ server_version: string }>('SHOW server_version'))
  return rows[0]?.server_version ?? ''
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end().catch(() => {})
  }
}
