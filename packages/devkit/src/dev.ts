import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { apps } from '@muster/launcher/apps'
import { createSupervisor, StartError, type Supervisor } from '@muster/supervisor'
import { appUnit } from './apps.ts'
import { assertPortsFree } from './assert-ports-free.ts'
import { firstOf } from './instances.ts'
import { createSay } from './output.ts'
import { readRunFile } from './run-file.ts'
import { loadSecrets } from './secrets.ts'
import { joinHost } from './services/host/join-host.ts'
import { startReaper } from './services/reaper.ts'
import { readSettings, root } from './settings.ts'
import { type AppWatch, watchApps } from './watch/watch-apps.ts'

/**
 * Runs the app of the current folder with restarts on change, as `npm start` runs it. Postgres, Redis and the inbox start with the
 * first app of this home that runs like this, and stop with the last one.
 */
const host = fileURLToPath(new URL('./dev-host-main.ts', import.meta.url))
const parent = process.ppid
const name = basename(process.cwd())
const say = createSay([...apps.map((app) => app.name), 'muster'])
const tell = (line: string) => say('muster', line)

let supervisor: Supervisor | undefined
let watch: AppWatch | undefined
let leave = async () => {}
let isStopping = false

process.on('SIGINT', () => stop(0))
process.on('SIGTERM', () => stop(0))
process.on('SIGHUP', () => stop(0))
process.stdout.on('error', () => stop(0))
// A turbo, npm or pnpm that is killed with SIGKILL passes on no signal.
setInterval(() => process.ppid === parent || stop(0), 500).unref()

try {
  await main()
} catch (error) {
  if (!isStopping) {
    console.error(error instanceof StartError ? error.message : ((error as Error).stack ?? error))
    await stop(1)
  }
}

async function main(): Promise<void> {
  const app = apps.find((one) => one.name === name)
  if (!app)
    throw new StartError(`${process.cwd()} is not the folder of an app: ${apps.map((one) => one.name).join(', ')}.`)
  const settings = { ...readSettings([], process.env), isWatching: true }
  const { home } = settings
  const dir = join(home, 'dev')
  const joined = await joinHost({
    dir,
    main: host,
    logFile: join(dir, 'host.log'),
    request: {},
    say: tell,
    onLost: () => {
      tell('Postgres, Redis and the inbox have ended')
      void stop(1)
    },
  })
  leave = joined.leave
  await assertPortsFree(settings, [app], false)
  const run = readRunFile(home)
  if (!run || isStopping) return
  const instance = firstOf(app, settings)
  const reaper = startReaper()
  const ownWatch = await watchApps({ root, home, instances: [instance], checksTypes: false, reaper, tell })
  watch = ownWatch
  supervisor = createSupervisor({ report: ownWatch.report, reaper })
  ownWatch.start(supervisor)
  await supervisor.supervise(
    appUnit(instance, {
      settings,
      secrets: loadSecrets(home, process.env),
      urls: run.urls,
      say,
      bundle: undefined,
      watch: ownWatch,
    }),
  )
  const { api, docs, inbox } = run.urls
  tell(`${name} is ready${name === 'api' ? `: ${api}, reference ${docs}` : ''}${inbox ? `, inbox ${inbox}` : ''}`)
}

/** Stops the app, then leaves the services to the other apps, and exits. */
async function stop(exitCode: number): Promise<void> {
  if (isStopping) return
  isStopping = true
  await watch?.close()
  await supervisor?.stop()
  await leave()
  process.exit(exitCode)
}
