import { createLogger } from '@muster/logger'
import { runProcess } from '@muster/telemetry'
import { reportError, startErrorReports } from '../index.ts'

const log = createLogger({ name: 'crashing' })

/** A process that ends by an error which nobody catches, a moment after its start. */
await runProcess({
  log,
  onCrash: reportError,
  async start() {
    const settings = { dsn: process.env.SENTRY_DSN ?? '', environment: 'test' }
    const reports = await startErrorReports({ name: 'crashing', settings, log })
    setTimeout(() => {
      const cause = Object.assign(new Error('disk of ada@example.com is full\n    at secret (planted.ts:1:1)'), {
        code: 'ENOSPC',
      })
      throw new TypeError('nobody expected this', { cause })
    }, 10)
    return { shutdownDelayMs: 0, close: () => reports.close() }
  },
})
