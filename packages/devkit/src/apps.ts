import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { isSet, withServices } from '@muster/config'
import { processTuning } from '@muster/cores'
import type { BundledFiles } from '@muster/launcher/current-bundle'
import { type Entry, sources } from '@muster/launcher/entries'
import { pagesFolder } from '@muster/pages'
import type { Unit } from '@muster/supervisor'
import { isAnswering, stopProcess, waitUntilReady } from '@muster/supervisor'
import { readDemoFile } from './demo-team/demo-file.ts'
import type { Instance } from './instances.ts'
import { pipeLines, type Say } from './output.ts'
import type { Secrets } from './secrets.ts'
import { root, type Settings } from './settings.ts'
import type { AppWatch } from './watch/watch-apps.ts'

export type ServiceUrls = {
  postgres: string
  redis: string
  smtp: string
  /** The Vite that serves the pages from their sources; without one, the API serves those that were built. */
  vite?: string
}

const startTimeoutMs = 60_000

/** Settings, services and files that all processes of the apps share. */
export type AppSurroundings = {
  settings: Settings
  secrets: Secrets
  urls: ServiceUrls
  say: Say
  /** The files to run; the sources without it. */
  bundle: BundledFiles | undefined
  /** Restarts processes whose files change. */
  watch: AppWatch | undefined
}

/** Describes a process of an app as a child process of the supervisor. */
export function appUnit(instance: Instance, { settings, secrets, urls, say, bundle, watch }: AppSurroundings): Unit {
  const { app, number, name, port, opsPort } = instance
  const main = watch?.fileOf(app.name) ?? bundle?.[app.name as Entry] ?? join(root, sources[app.name as Entry])
  const options = {
    cwd: join(root, 'apps', app.name),
    env: appEnv(instance, settings, secrets, urls),
    // Ctrl-C in the terminal must not reach the app: the supervisor stops all processes in order.
    detached: true,
  }
  const standby = watch?.standbyFor(app.name, options)
  const run = () =>
    standby?.take() ?? spawn(process.execPath, [main], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  return {
    name,
    app: app.name,
    number,
    kind: 'app',
    ...(port !== undefined && { port }),
    opsPort,
    mark: main,
    isWatched: watch !== undefined,
    async start(onSpawn) {
      const child = run()
      onSpawn(child)
      for (const stream of [child.stdout, child.stderr]) if (stream) pipeLines(stream, name, say)
      await waitUntilReady(
        child,
        `The ${name}`,
        undefined,
        () => isAnswering(`http://127.0.0.1:${opsPort}/readyz`),
        startTimeoutMs,
      )
      const pid = child.pid as number
      return {
        name,
        url: `http://127.0.0.1:${opsPort}`,
        port: port ?? opsPort,
        pid,
        process: child,
        stop: () => stopProcess(pid, 'SIGTERM', 28_000),
      }
    },
  }
}

/** Multiplies all rate limits, so that a developer who tries things often meets none of them. */
export const developmentLimitScale = '100'

/** Builds an app's environment. Variables of the caller win, except for the addresses of services that run here. */
function appEnv(
  { app, port, opsPort }: Instance,
  settings: Settings,
  secrets: Secrets,
  urls: ServiceUrls,
): NodeJS.ProcessEnv {
  const defaults: Record<string, string> = {
    NODE_ENV: 'development',
    ...processTuning(),
    PUBLIC_URL: `http://localhost:${settings.apiPort}`,
    // Production refuses both.
    ...(process.env.NODE_ENV !== 'production' && {
      ALLOW_LOOPBACK_ORIGINS: 'true',
      RATE_LIMIT_SCALE: developmentLimitScale,
    }),
    MAIL_FROM: 'Muster <no-reply@muster.localhost>',
    STORAGE_LOCAL_DIR: join(settings.home, 'files'),
    STAGING_DIR: join(settings.home, 'staging'),
    ...Object.fromEntries(app.keyRings.map((name) => [name, secrets.keyRings[name]])),
    ...(app.name === 'api' && {
      ...pagesEnv(urls),
      ...((settings.isDemo || readDemoFile(settings.home)) && demoEnv),
      BOOTSTRAP_ADMIN_EMAIL: secrets.admin.email,
      BOOTSTRAP_ADMIN_PASSWORD: secrets.admin.password,
    }),
  }
  return {
    ...Object.fromEntries(Object.entries(defaults).filter(([name]) => !isSet(name, process.env))),
    ...withServices(process.env, { DATABASE_URL: urls.postgres, REDIS_URL: urls.redis, SMTP_URL: urls.smtp }),
    PORT: String(port ?? settings.apiPort),
    OPS_PORT: String(opsPort),
  }
}

/** The least cost that production takes: seven people choose passwords while the copy is filled. */
const demoEnv = { DEMO: 'true', BCRYPT_COST: '10' }

/** Production refuses a Vite. */
const pagesEnv = (urls: ServiceUrls): Record<string, string> =>
  urls.vite && process.env.NODE_ENV !== 'production' ? { WEB_DEV_SERVER: urls.vite } : { WEB_ROOT: pagesFolder }
