import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ConfigError, int, oneOf, parseEnv } from '@muster/config'
import { createLogger } from '@muster/logger'
import { createSupervisor, type SupervisorEvent } from '@muster/supervisor'
import { version } from '@muster/telemetry/version'
import { z } from 'zod'
import { apps } from '../apps.ts'
import { entryFile } from '../entries.ts'
import { appUnit } from './app-unit.ts'
import { serveOps } from './ops-server.ts'

const usage = `muster all [--migrate]

Runs the API and the four workers as processes of this one, and starts each again that ends. SIGTERM drains all of them at once.
  --migrate   apply the missing migrations first
OPS_HOST and OPS_PORT (9100) tell where /livez and /readyz answer for all together, and /<process>/metrics for each.
`

const env = z.object({
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  OPS_HOST: z.string().default('127.0.0.1'),
  OPS_PORT: int({ min: 0, max: 65_535, default: 9100 }),
})

const log = createLogger({ name: 'muster' })

await runAll(process.argv.slice(2))

/** Runs all processes until a signal stops them, and exits with 0, or with 1 when one did not start or did not drain. */
async function runAll(args: string[]): Promise<void> {
  const isMigrating = readArguments(args)
  const settings = readSettings()
  log.level = settings.LOG_LEVEL
  if (isMigrating) await migrateFirst()

  const ports = new Map<string, number>(apps.map(({ name }) => [name, 0]))
  const supervisor = createSupervisor({ report: logEvent })
  let ops: Server | undefined
  let isStopping = false
  const stop = async (reason: string, exitCode = 0) => {
    if (isStopping) return
    isStopping = true
    log.info({ component: 'supervisor', reason }, 'stopping all processes')
    const failed = await supervisor.stop()
    if (failed.length > 0)
      log.error(
        { component: 'supervisor', processes: failed },
        'processes did not drain, their unfinished work is retried',
      )
    log.info({ component: 'supervisor' }, 'all processes stopped')
    ops?.close()
    process.exit(failed.length > 0 ? 1 : exitCode)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop(signal))

  try {
    ops = await serveOps({ host: settings.OPS_HOST, port: settings.OPS_PORT, ports, isStopping: () => isStopping })
    await Promise.all(apps.map((app) => supervisor.supervise(appUnit(app, (port) => void ports.set(app.name, port)))))
    log.info({ component: 'supervisor', version, processes: apps.map(({ name }) => name) }, 'all processes started')
  } catch (error) {
    if (isStopping) return
    log.fatal({ component: 'supervisor', err: error }, 'start failed, all processes stop')
    await stop('the start failed', 1)
  }
}

function readArguments(args: string[]): boolean {
  try {
    const { values } = parseArgs({
      args,
      options: { migrate: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
    if (!values.help) return values.migrate ?? false
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
  process.stdout.write(usage)
  process.exit(0)
}

function readSettings(): z.output<typeof env> {
  try {
    return parseEnv(env)
  } catch (error) {
    if (error instanceof ConfigError) log.fatal({ component: 'supervisor', err: error }, 'settings refused')
    else throw error
    process.exit(1)
  }
}

/** Applies the missing migrations, and ends this process when that fails. */
async function migrateFirst(): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(entryFile('migrate')), 'migrate'], { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  if (code === 0) return
  log.fatal({ component: 'supervisor' }, 'migrations failed, no process was started')
  process.exit(1)
}

function logEvent({ kind, unit, ...fields }: SupervisorEvent): void {
  const { error, code, ...rest } = { error: undefined, code: undefined, ...fields }
  // Not `code`, which the log hides: a field of that name holds a mailed code elsewhere.
  const entry = {
    component: 'supervisor',
    process: unit,
    ...rest,
    ...(code !== undefined && { exitCode: code }),
    ...(error && { err: error }),
  }
  if (kind === 'restarted') log.info(entry, 'process started again')
  else log.error(entry, kind === 'ended' ? 'process ended' : 'process did not start')
}
