import { sendEmail } from '@muster/jobs/definitions'
import { type RunningWorker, startWorker } from '@muster/jobs/worker'
import type { Config } from './config.ts'
import type { Deps } from './deps.ts'
import { sendEmailHandler } from './handlers/send-email.ts'
import { type CircuitOptions, createCircuit } from './smtp/circuit-breaker.ts'
import { keepPace } from './smtp/rate-limit.ts'

const circuitOptions: CircuitOptions = { failureLimit: 5, pauseMs: 30_000 }

/** Takes the jobs of the email queue, at the pace and with the caution that the mail server asks for. */
export function startEmailWorker(
  deps: Deps,
  { concurrency, smtp: { maxPerSecond } }: Pick<Config, 'concurrency' | 'smtp'>,
  circuitOverrides: Partial<CircuitOptions> = {},
): RunningWorker {
  const { log, redisUrl } = deps
  const circuit = createCircuit(
    { ...circuitOptions, ...circuitOverrides },
    {
      log,
      queue: {
        pause: () => void worker.bullWorker.pause(true).catch((error: unknown) => log.warn({ err: error }, 'no pause')),
        resume: () => void worker.bullWorker.resume().catch((error: unknown) => log.warn({ err: error }, 'no resume')),
      },
    },
  )
  const pace = keepPace({ redisUrl, maxPerSecond, log })
  const worker = startWorker({
    queue: sendEmail.queue,
    handlers: [sendEmailHandler({ ...deps, circuit })],
    deps,
    concurrency,
  })
  return {
    bullWorker: worker.bullWorker,
    probe: worker.probe,
    async close() {
      circuit.close()
      await worker.close()
      await pace.close()
    },
  }
}
