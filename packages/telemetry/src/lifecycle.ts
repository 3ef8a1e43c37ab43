import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@muster/logger'
import { version } from './version.ts'

type Running = {
  /** How long the process goes on as before after a signal, so that load balancers see in time that it is not ready. */
  shutdownDelayMs: number
  /**
   * Refuses new work, finishes the running work, then closes the connections, and the ops server last.
   * @param limitMs the time that is left for all of it
   */
  close: (limitMs: number) => Promise<void>
}

type ProcessOptions = {
  log: Logger
  /** Starts everything. `stopping` aborts at the first signal, before the delay. */
  start: (stopping: AbortSignal) => Promise<Running>
  /** Is told of an uncaught exception or an unhandled rejection, before the drain. It must not throw. */
  onCrash?: (error: unknown) => void
}

/** Kubernetes kills a process 30 s after SIGTERM by default; delay and drain must end before. */
const stopMs = 25_000

/**
 * Runs a process: starts it, waits for SIGTERM or SIGINT, goes on for its delay without being ready, drains it and exits with 0, all
 * within 25 s. Further signals do not shorten this. A failed start, an uncaught exception and an unhandled rejection are logged, and
 * the process exits with 1, the last two after a drain without delay. With `--version` it only prints the release.
 */
export async function runProcess({ log: given, start, onCrash }: ProcessOptions): Promise<void> {
  if (process.argv.includes('--version')) {
    process.stdout.write(`${version}\n`)
    return
  }
  const log = given.child({ component: 'process' })
  let running: Running | undefined
  let exitCode = 0
  const stopping = new AbortController()
  const crashed = new AbortController()

  const stop = async (reason: string) => {
    if (stopping.signal.aborted) return
    stopping.abort()
    const startMs = performance.now()
    const delayMs = running?.shutdownDelayMs ?? 0
    log.info({ reason, delayMs: crashed.signal.aborted ? 0 : delayMs }, 'stopping')
    const deadline = setTimeout(() => {
      log.error({ limitMs: stopMs }, 'drain timed out, unfinished work is abandoned and retried elsewhere')
      process.exit(exitCode || 1)
    }, stopMs)
    await sleep(delayMs, undefined, { signal: crashed.signal }).catch(() => {})
    try {
      await running?.close(stopMs - (performance.now() - startMs))
    } catch (error) {
      log.error({ err: error }, 'stop failed')
      exitCode ||= 1
    }
    clearTimeout(deadline)
    log.info('stopped')
    process.exit(exitCode)
  }

  const stopOnError = (error: unknown, origin: string) => {
    log.fatal({ err: error, origin }, 'unexpected error, the process drains and ends')
    onCrash?.(error)
    exitCode = 1
    crashed.abort()
    void stop(origin)
  }
  process.on('uncaughtException', (error) => stopOnError(error, 'uncaughtException'))
  process.on('unhandledRejection', (error) => stopOnError(error, 'unhandledRejection'))
  process.on('SIGTERM', () => void stop('SIGTERM'))
  process.on('SIGINT', () => void stop('SIGINT'))
  // The process that started this one with a channel was killed, and would start another one in its place.
  if (process.channel) process.on('disconnect', () => void stop('the supervisor ended'))

  try {
    running = await start(stopping.signal)
  } catch (error) {
    log.fatal({ err: error }, 'start failed')
    process.exit(1)
  }
  log.info({ version }, 'started')
}
