import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processTuning } from '@muster/cores'
import { freePort } from '@muster/devkit'
import { keys } from './keys.ts'
import { root, type Stage } from './stage.ts'
import { bcryptCost } from './users.ts'

/** A running app of Muster, started with the same command as by `npm start`. */
export type RunningApp = { pid: number; origin: string; stop(): Promise<void> }

export const appNames = ['api', 'audit-worker', 'email-worker', 'image-worker', 'reminder-worker'] as const
export type AppName = (typeof appNames)[number]

export const poolMax = 10
/** Generous, because a shared machine may be many times slower. */
const bootMs = 120_000

/** Starts `apps/<name>` and waits until it is ready. @throws Error with the end of its log when that fails */
export const startApp = (stage: Stage, name: AppName, overrides: Record<string, string> = {}): Promise<RunningApp> =>
  start(stage, name, [join(root, 'apps', name, 'src/main.ts')], overrides)

/** Starts `muster all` from the bundle: the process that supervises all others. @throws Error with the end of its log when that fails */
export const startAll = (stage: Stage, overrides: Record<string, string> = {}): Promise<RunningApp> =>
  start(stage, 'muster', [join(root, 'packages/launcher/dist/muster.js'), 'all'], overrides)

async function start(
  stage: Stage,
  name: AppName | 'muster',
  args: string[],
  overrides: Record<string, string>,
): Promise<RunningApp> {
  const [port, opsPort] = [await freePort(), await freePort()]
  const logFile = join(stage.home, `logs/${name}.log`)
  const log = openSync(logFile, 'w')
  const profiling = stage.profileDir ? ['--cpu-prof', '--cpu-prof-dir', stage.profileDir] : []
  const child = spawn(process.execPath, [...profiling, ...args], {
    env: { ...process.env, ...appEnv(stage, port, opsPort), ...overrides },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const pid = child.pid as number
  stage.reaper.watch({ pid, kind: 'app', signal: 'SIGTERM' })
  const gone = once(child, 'exit')
  const deadlineMs = performance.now() + bootMs
  while (!(await isReady(opsPort))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      child.kill('SIGKILL')
      throw new Error(`The ${name} did not start:\n${readFileSync(logFile, 'utf8').slice(-2_000)}`)
    }
    await sleep(50)
  }
  return {
    pid,
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM')
      await gone
      stage.reaper.unwatch(pid)
    },
  }
}

/** Starts all five processes. @param overrides variables by app */
export async function startApps(
  stage: Stage,
  overrides: Partial<Record<AppName, Record<string, string>>>,
): Promise<Record<AppName, RunningApp>> {
  const running = await Promise.all(
    appNames.map(async (name) => [name, await startApp(stage, name, overrides[name])] as const),
  )
  return Object.fromEntries(running) as Record<AppName, RunningApp>
}

function appEnv(stage: Stage, port: number, opsPort: number): Record<string, string> {
  return {
    NODE_ENV: 'development',
    LOG_LEVEL: 'warn',
    ...processTuning(),
    DATABASE_URL: stage.databaseUrl,
    DATABASE_POOL_MAX: String(poolMax),
    REDIS_URL: stage.redisUrl,
    MAIL_FROM: 'Muster <bench@example.com>',
    PORT: String(port),
    OPS_PORT: String(opsPort),
    RATE_LIMIT_SCALE: '1000000',
    BCRYPT_COST: String(bcryptCost),
    STORAGE_LOCAL_DIR: join(stage.home, 'files'),
    STAGING_DIR: join(stage.home, 'staging'),
    ACCESS_TOKEN_KEYS: keys.accessToken.ring,
    REFRESH_TOKEN_KEYS: keys.refreshToken.ring,
    PASSWORD_KEYS: keys.password.ring,
    MAIL_CODE_KEYS: keys.mailCode.ring,
    COOKIE_KEYS: keys.cookie.ring,
    ENCRYPTION_KEYS: keys.encryption.ring,
    AUDIT_KEYS: keys.audit.ring,
  }
}

async function isReady(opsPort: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok
  } catch {
    return false
  }
}
