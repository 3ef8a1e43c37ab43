import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Service, StartError, takeLock } from '@muster/supervisor'
import { ensureDatabase } from './migrate.ts'
import { loadSecrets } from './secrets.ts'
import { freePort } from './services/ports.ts'
import { startPostgres } from './services/postgres.ts'
import { clusterFolder, type PostgresOwner, postgresOwner } from './services/postgres-files.ts'

/*
 * Holds the copy of a home stopped, and starts its Postgres when told, for a backup or a restore of the whole folder. Reads a command a line
 * and answers each by a line of JSON: `start` and `start-new` tell the URL, `stop`, and `adopt`, which gives the new cluster its name.
 * Ends with its input.
 */
const home = process.argv[2] as string
const owner = postgresOwner()
const folder = clusterFolder(join(home, 'postgres'), owner)
const newFolder = `${folder}.restoring`
let running: Service | undefined

const lock = await takeLock(join(home, 'lock'))
if ('heldBy' in lock) {
  answer({ error: `\`npm start\` runs from ${home} (process ${lock.heldBy}).`, isRunning: true })
  process.exit(1)
}
answer({
  folder,
  newFolder,
  hasCluster: existsSync(join(folder, 'PG_VERSION')),
  hasRedis: existsSync(join(home, 'redis')),
  platform: `${process.platform}-${process.arch}`,
})
for await (const line of createInterface({ input: process.stdin })) await obey(line).then(answer, refuse)
await running?.stop()
lock.release()

async function obey(command: string): Promise<object> {
  switch (command) {
    case 'start':
      return { url: await start(folder) }
    case 'start-new':
      own(newFolder, owner)
      return { url: await start(newFolder) }
    case 'stop':
      await running?.stop()
      running = undefined
      return {}
    case 'adopt':
      rmSync(folder, { recursive: true, force: true })
      renameSync(newFolder, folder)
      return {}
    default:
      throw new StartError(`There is no command ${command}.`)
  }
}

async function start(dir: string): Promise<string> {
  mkdirSync(join(home, 'logs'), { recursive: true })
  running = await startPostgres({
    // The folder is reachable already, so it stays the one that it is.
    dir,
    port: await freePort(),
    logFile: join(home, 'logs/postgres.log'),
    password: loadSecrets(home).postgresPassword,
    isDurable: true,
  })
  return ensureDatabase(running.url)
}

/** Gives a folder to the user of Postgres, which refuses that of another one. */
function own(path: string, to: PostgresOwner | undefined): void {
  if (!to) return
  chownSync(path, to.uid, to.gid)
  if (lstatSync(path).isDirectory()) for (const entry of readdirSync(path)) own(join(path, entry), to)
}

function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

function refuse(error: unknown): void {
  answer({ error: error instanceof Error ? error.message : String(error) })
}
