import type { Logger } from '@muster/logger'
import { version } from './version.ts'

type ProcessOptions = {
  log: Logger
  /** Starts everything and returns what stops it again: no new work, then the running work, then connections. */
  start: () => Promise<{ close: () => Promise<void> }>
}

/** Kubernetes kills after 30 s by default; the drain ends before. */
const drainMs = 25_000

/**
 * The life of one process: start, run until SIGTERM or SIGINT, drain within 25 s, exit.
 * With `--version` it prints the release and starts nothing.
 * An uncaught exception or rejection is logged, drains and exits 1; a failed start names its reason and exits 1.
 */
export async function runProcess({ log, start }: ProcessOptions): Promise<void> {
  if (process.argv.includes('--version')) {
    process.stdout.write(`${version}\n`)
    return
  }
  let running: { close: () => Promise<void> } | undefined
  let isStopping = false

  const stop = async (reason: string, exitCode: number) => {
    if (isStopping) return
    isStopping = true
    log.info({ reason }, 'stopping')
    const deadline = setTimeout(() => {
      log.error(`not drained after ${drainMs} ms; what runs is given up and will be done again elsewhere`)
      process.exit(exitCode || 1)
    }, drainMs)
    try {
      await running?.close()
    } catch (error) {
      log.error({ err: error }, 'stopping failed')
      exitCode ||= 1
    }
    clearTimeout(deadline)
    log.info('stopped')
    process.exit(exitCode)
  }

  const stopBroken = (error: unknown, origin: string) => {
    log.fatal({ err: error }, origin)
    void stop(origin, 1)
  }
  process.on('uncaughtException', (error) => stopBroken(error, 'uncaughtException'))
  process.on('unhandledRejection', (error) => stopBroken(error, 'unhandledRejection'))
  process.on('SIGTERM', () => void stop('SIGTERM', 0))
  process.on('SIGINT', () => void stop('SIGINT', 0))

  try {
    running = await start()
  } catch (error) {
    log.fatal({ err: error }, error instanceof Error ? error.message : 'the start failed')
    process.exit(1)
  }
  log.info({ version }, 'started')
}
