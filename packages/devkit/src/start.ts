import { readdirSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isSet } from '@muster/config'
import { apps } from '@muster/launcher/apps'
import { type BundledFiles, currentBundle } from '@muster/launcher/current-bundle'
import { areBuiltPagesFresh, builtPages, hasBuiltPages } from '@muster/pages'
import { createSupervisor, type Lock, StartError, type Supervisor, takeLock } from '@muster/supervisor'
import { appUnit, developmentLimitScale, type ServiceUrls } from './apps.ts'
import { assertPortsFree } from './assert-ports-free.ts'
import { banner } from './banner.ts'
import { readDemoFile } from './demo-team/demo-file.ts'
import { describeEvent } from './describe-event.ts'
import { listInstances } from './instances.ts'
import { ensureDatabase, migrate } from './migrate.ts'
import { createSay } from './output.ts'
import { type RunFile, readRunFile, removeRunFile, stopLeftovers, writeRunFile } from './run-file.ts'
import { assertSecretsKept, loadSecrets } from './secrets.ts'
import { serviceUnits } from './service-units.ts'
import { removeCluster } from './services/postgres.ts'
import { makePrivateFolder } from './services/private-folder.ts'
import { startReaper } from './services/reaper.ts'
import { viteUrl } from './services/vite.ts'
import { asksForHelp, readSettings, root, type Settings, usage } from './settings.ts'
import type { AppWatch } from './watch/watch-apps.ts'

/** `--fresh` keeps these: they hold no state and only speed up the next start or test run. */
const keptByFresh = new Set(['lock', 'compile-cache', 'redis-build', 'test'])

const startedMs = Date.now()
const say = createSay([...apps.map(({ name }) => name), 'muster'])
const tell = (line: string) => say('muster', line)

let supervisor: Supervisor | undefined
let watch: AppWatch | undefined
let releaseHome = () => {}
let isStopping = false
const building = new AbortController()

process.on('SIGINT', () => stop('Ctrl-C', 0))
process.on('SIGTERM', () => stop('SIGTERM', 0))
process.on('SIGHUP', () => stop('the terminal was closed', 0))
process.on('disconnect', () => stop('npm ended', 0))
process.stdout.on('error', () => stop('nobody reads the output', 0))

try {
  const args = process.argv.slice(2)
  if (asksForHelp(args)) {
    process.stdout.write(usage)
    process.exit(0)
  }
  await main(readSettings(args, process.env))
} catch (error) {
  if (!isStopping) {
    console.error(error instanceof StartError ? error.message : ((error as Error).stack ?? error))
    await stop('the start failed', 1)
  }
}

async function main(settings: Settings): Promise<void> {
  const { home } = settings
  const demo = settings.isDemo ? await import('./demo-team/index.ts') : undefined
  demo?.assertMayBeDemo(settings, process.env)
  await mkdir(home, { recursive: true })
  const lock = await lockHome(home)
  releaseHome = () => lock.release()
  const stopped = await stopLeftovers(home)
  if (stopped.length > 0) tell(`stopped processes of an earlier run: ${stopped.join(', ')}`)
  if (settings.isFresh) await emptyHome(settings)
  const ownApps = settings.hasApps ? apps : []
  await assertPortsFree(settings, ownApps, true)
  const instances = await listInstances(settings, ownApps)

  for (const name of ['files', 'staging']) makePrivateFolder(join(home, name))
  if (!settings.databaseUrl) assertSecretsKept(home)
  const secrets = loadSecrets(home, process.env)
  const reaper = startReaper()
  let run: RunFile | undefined
  const ownSupervisor = createSupervisor({
    report: (event) => (watch ? watch.report(event) : tell(describeEvent(event))),
    reaper,
    onChange: () => saveRun(),
  })
  const saveRun = () => run && !isStopping && writeRunFile({ ...run, processes: ownSupervisor.processes() })
  supervisor = ownSupervisor
  releaseHome = () => {
    reaper.dismiss()
    removeRunFile(home)
    lock.release()
  }

  if (settings.isWatching) {
    const { watchApps } = await import('./watch/watch-apps.ts')
    watch = await watchApps({ root, home, instances, checksTypes: settings.checksTypes, reaper, tell })
  }
  watch?.start(ownSupervisor)
  const units = await serviceUnits(settings, secrets, tell)
  tell(`starting in ${home}`)
  const startApps = async () => {
    const [postgres, redis, bundle] = await Promise.all([
      units.postgres
        ? ownSupervisor.supervise(units.postgres).then(({ url }) => ensureDatabase(url))
        : settings.databaseUrl,
      units.redis ? ownSupervisor.supervise(units.redis).then(({ url }) => url) : settings.redisUrl,
      settings.hasApps && !watch ? bundleApps() : undefined,
    ])
    const urls = {
      postgres: postgres as string,
      redis: redis as string,
      smtp: settings.smtpUrl ?? `smtp://127.0.0.1:${settings.smtpPort}`,
      ...(units.vite?.port && { vite: viteUrl(units.vite.port) }),
    }
    const applied = await migrate(urls.postgres, bundle?.migrate)
    if (applied.length > 0) tell(`migrated: ${applied.join(', ')}`)
    await demo?.assertMayBeFilled(home, urls.postgres)
    run = describeRun(settings, urls, secrets.admin.email)
    saveRun()
    const surroundings = { settings, secrets, urls, say, bundle, watch }
    const appUnits = instances.map((instance) => appUnit(instance, surroundings))
    await Promise.all(appUnits.map((unit) => ownSupervisor.supervise(unit)))
  }
  await Promise.all([
    startApps(),
    // The apps start without the inbox; only the first mail needs it.
    units.inbox && ownSupervisor.supervise(units.inbox),
    units.vite ? ownSupervisor.supervise(units.vite) : settings.hasApps && preparePages(),
  ])
  const ready = readRunFile(home)
  if (demo && ready?.urls.inbox) {
    await demo.fillDemo({ home, urls: { ...ready.urls, inbox: ready.urls.inbox }, admin: secrets.admin, tell })
  }
  process.send?.('ready')
  if (ready && settings.hasApps)
    process.stdout.write(
      banner(ready, {
        demo: readDemoFile(home),
        isSignupOpen: process.env.SIGNUP_MODE !== 'invite',
        limitScale: process.env.RATE_LIMIT_SCALE || developmentLimitScale,
        secondsToReady: (Date.now() - startedMs) / 1_000,
      }),
    )
}

/**
 * Builds the pages when their sources have changed. Resolves at once where there are some already: those are served until the build ends.
 * A build that fails is told, and leaves everything else as it is.
 */
async function preparePages(): Promise<void> {
  if (isSet('WEB_ROOT', process.env) || areBuiltPagesFresh()) return
  const hasSome = hasBuiltPages()
  tell(hasSome ? 'building the changed pages; those of the last build are served until then' : 'building the pages')
  const built = builtPages({ signal: building.signal }).then(
    () => tell('the pages are built'),
    (error: Error) => isStopping || tell(error.message),
  )
  if (!hasSome) await built
}

/** Bundles the sources of the apps, unless that was done at an earlier start. @throws StartError with what esbuild reports */
async function bundleApps(): Promise<BundledFiles> {
  try {
    return await currentBundle({ onBuild: () => tell('bundling the changed sources') })
  } catch (error) {
    throw new StartError((error as Error).message)
  }
}

function describeRun(settings: Settings, { vite: _, ...urls }: ServiceUrls, adminEmail: string): RunFile {
  const api = `http://localhost:${settings.apiPort}`
  return {
    home: settings.home,
    pid: process.pid,
    startedAt: new Date(startedMs).toISOString(),
    urls: {
      api,
      docs: `${api}/docs`,
      ...(process.env.WEB_ROOT !== 'none' && { pages: api }),
      ...(settings.smtpUrl ? {} : { inbox: `http://localhost:${settings.inboxPort}` }),
      ...urls,
    },
    admin: { email: adminEmail },
    processes: [],
  }
}

async function lockHome(home: string): Promise<Lock> {
  const lock = await takeLock(join(home, 'lock'))
  if ('release' in lock) return lock
  throw new StartError(
    `Muster already runs from ${home} (process ${lock.heldBy}). Stop it first, or start a second copy with another ` +
      'MUSTER_HOME, PORT, INBOX_PORT, SMTP_PORT and OPS_PORT_BASE.',
  )
}

async function emptyHome({ home, databaseUrl, redisUrl }: Settings): Promise<void> {
  await removeCluster(join(home, 'postgres'))
  for (const name of readdirSync(home)) {
    if (!keptByFresh.has(name)) rmSync(join(home, name), { recursive: true, force: true })
  }
  tell(`emptied ${home}`)
  if (databaseUrl || redisUrl) tell('the services at DATABASE_URL and REDIS_URL were not emptied')
}

/** Stops the apps first, so that they can finish their requests and jobs, then the services, and exits. */
async function stop(reason: string, exitCode: number): Promise<void> {
  if (isStopping) return
  isStopping = true
  if (supervisor) tell(`${reason}: stopping everything`)
  building.abort()
  await watch?.close()
  await supervisor?.stop()
  releaseHome()
  if (supervisor) tell('stopped')
  process.exit(exitCode)
}
