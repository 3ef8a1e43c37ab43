import { sendEmail } from '@muster/jobs/definitions'
import { type RunningWorker, startWorker } from '@muster/jobs/worker'
import type { Config } from './config.ts'
import type { Deps } from './deps.ts'
import { sendEmailHandler } from './handlers/send-email.ts'
import { type CircuitBreakerOptions, createCircuitBreaker } from './smtp/circuit-breaker.ts'
import { startRateLimit } from './smtp/rate-limit.ts'

const circuitBreakerOptions: CircuitBreakerOptions = { failureLimit: 5, pauseMs: 30_000 }

/** Processes the jobs of the email queue, behind a circuit breaker and a rate limit. */
export function startEmailWorker(
  deps: Deps,
  { concurrency, smtp: { maxPerSecond } }: Pick<Config, 'concurrency' | 'smtp'>,
  overrides: Partial<CircuitBreakerOptions> = {},
): RunningWorker {
  const { log, redisSettings } = deps
  const circuitBreaker = createCircuitBreaker(
    { ...circuitBreakerOptions, ...overrides },
    {
      log,
      queue: {
        pause: () =>
          void worker.bullWorker
            .pause(true)
            .catch((error: unknown) => log.warn({ component: 'smtp', err: error }, 'email queue pause failed')),
        resume: () =>
          void worker.bullWorker
            .resume()
            .catch((error: unknown) => log.warn({ component: 'smtp', err: error }, 'email queue resume failed')),
      },
    },
  )
  const rateLimit = startRateLimit({ redisSettings, maxPerSecond, log })
  const worker = startWorker({
    queue: sendEmail.queue,
    handlers: [sendEmailHandler({ ...deps, circuitBreaker })],
    deps,
    concurrency,
  })
  return {
    bullWorker: worker.bullWorker,
    probe: worker.probe,
    async close(drainMs) {
      circuitBreaker.close()
      await worker.close(drainMs)
      await rateLimit.close()
    },
  }
}
