import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePort } from './ports.ts'
import { removeCluster, startPostgres } from './postgres.ts'
import { clusterFolder, postgresOwner } from './postgres-files.ts'
import { isAlive } from './processes.ts'

let home: string

// Only its owner may enter a folder made by mkdtemp, like a checkout in /root.
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'muster-postgres-'))
})
afterEach(async () => {
  await removeCluster(join(home, 'postgres'))
  rmSync(home, { recursive: true, force: true })
})

const start = async (password?: string) =>
  startPostgres({
    dir: join(home, 'postgres'),
    port: await freePort(),
    logFile: join(home, 'postgres.log'),
    password,
    isDurable: false,
  })

test('it starts where only the caller may enter, and asks for the password', async () => {
  const service = await start('right-one')
  expect(await versionAt(service.url)).toMatch(/^18\./)
  await expect(versionAt(service.url.replace('right-one', 'wrong-one'))).rejects.toThrow(/password/)
  await service.stop()
  expect(isAlive(service.pid)).toBe(false)
})

test('what a killed run left is stopped, and the data is there again', async () => {
  const first = await start()
  await withClient(first.url, (client) => client.query('CREATE TABLE kept (id int)'))
  const second = await start()
  expect(isAlive(first.pid)).toBe(false)
  expect((await withClient(second.url, (client) => client.query('SELECT * FROM kept'))).rowCount).toBe(0)
  await second.stop()
})

test('a stale postmaster.pid whose number now belongs to another process does not stop the start', async () => {
  const first = await start()
  await first.stop()
  const folder = clusterFolder(join(home, 'postgres'), postgresOwner())
  writeFileSync(join(folder, 'postmaster.pid'), `${process.pid}\n${folder}\n0\n1\n\n127.0.0.1\n\n`)
  const second = await start()
  expect(isAlive(process.pid)).toBe(true)
  await second.stop()
})

test('an initdb that was killed half way is begun again', async () => {
  mkdirSync(join(home, 'postgres.unfinished'))
  const service = await start()
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
