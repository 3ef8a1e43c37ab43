import type { Logger } from '@muster/logger'
import { version } from './version.ts'

type ProcessOptions = {
  log: Logger
  /** Starts everything. `close` refuses new work, finishes the running work, then closes the connections. */
  start: () => Promise<{ close: () => Promise<void> }>
}

/** Kubernetes kills a process 30 s after SIGTERM by default; the drain must end before. */
const drainMs = 25_000

/**
 * Runs a process: starts it, waits for SIGTERM or SIGINT, drains it within 25 s and exits with 0. Further signals do not shorten
 * the drain. A failed start, an uncaught exception and an unhandled rejection are logged, and the process exits with 1, the last
 * two after a drain. With `--version` it only prints the release.
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
      log.error(`drain timed out after ${drainMs} ms, unfinished work is abandoned and retried elsewhere`)
      process.exit(exitCode || 1)
    }, drainMs)
    try {
      await running?.close()
    } catch (error) {
      log.error({ err: error }, 'stop failed')
      exitCode ||= 1
    }
    clearTimeout(deadline)
    log.info('stopped')
    process.exit(exitCode)
  }

  const stopOnError = (error: unknown, origin: string) => {
    log.fatal({ err: error }, origin)
    void stop(origin, 1)
  }
  process.on('uncaughtException', (error) => stopOnError(error, 'uncaughtException'))
  process.on('unhandledRejection', (error) => stopOnError(error, 'unhandledRejection'))
  process.on('SIGTERM', () => void stop('SIGTERM', 0))
  process.on('SIGINT', () => void stop('SIGINT', 0))

  try {
    running = await start()
  } catch (error) {
    log.fatal({ err: error }, error instanceof Error ? error.message : 'start failed')
    process.exit(1)
  }
  log.info({ version }, 'started')
}
