import { randomBytes } from 'node:crypto'
import { type Clock, newId } from '@muster/db'
import { createTransact, noPublisher } from '@muster/jobs/outbox'
import { createLogger } from '@muster/logger'
import { insertMail, type Mail, type TemplateName } from '@muster/mail'
import { createTestDatabase, createTestRedis, eventually } from '@muster/testing'
import { readConfig } from '../config.ts'
import { createDeps } from '../deps.ts'
import { startEmailWorker } from '../email-worker.ts'
import type { CircuitBreakerOptions } from '../smtp/circuit-breaker.ts'
import { createSmtp } from '../smtp/smtp.ts'

type WorkerOptions = {
  smtpUrl: string
  circuitBreaker?: Partial<CircuitBreakerOptions>
  silenceTimeoutMs?: number
  env?: Record<string, string>
  clock?: Clock
}

/** Creates a database and a Redis for one test, which starts any number of email workers with them. */
export async function createHarness() {
  const database = await createTestDatabase()
  const redis = await createTestRedis()
  const codeKey = randomBytes(32)
  const running: { close(): Promise<void> }[] = []
  const { db } = database

  const environment = (smtpUrl: string) => ({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    SMTP_URL: smtpUrl,
    MAIL_FROM: 'Muster <no-reply@muster.example>',
    WEB_URL: 'https://app.muster.example',
    PUBLIC_URL: 'https://api.muster.example',
    MAIL_CODE_KEYS: `k1:${codeKey.toString('base64')}`,
    OPS_PORT: '0',
  })

  /** Starts an email worker in this process. @returns a function that stops it */
  const startWorker = ({ smtpUrl, circuitBreaker, silenceTimeoutMs, env, clock }: WorkerOptions) => {
    const config = readConfig({ ...environment(smtpUrl), ...env })
    const deps = createDeps(config, createLogger({ name: 'email-worker', level: config.logLevel }), clock)
    const ownSmtp = silenceTimeoutMs ? { smtp: createSmtp({ ...config.smtp, silenceTimeoutMs }) } : {}
    const worker = startEmailWorker({ ...deps, ...ownSmtp }, config, circuitBreaker)
    const close = async () => {
      await worker.close()
      ownSmtp.smtp?.close()
      await deps.close()
    }
    running.push({ close })
    return close
  }

  const mailRow = (id: string) =>
    db.selectFrom('email_messages').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

  return {
    db,
    redis,
    codeKey,
    environment,
    startWorker,
    transact: createTransact({ db, publisher: noPublisher }),
    mailRow,
    /** Returns what is recorded of the attempts to send a mail. */
    attemptsOf: (id: string) =>
      db.selectFrom('email_attempts').selectAll().where('email_id', '=', id).orderBy('attempt').execute(),
    /** Returns a new address. */
    address: (label = 'user') => `${label}-${newId()}@example.com`,
    sendMail<N extends TemplateName>(mail: Mail<N>): Promise<string> {
      // Without a nudge: the worker's own publisher finds the job.
      return createTransact({ db, publisher: noPublisher })((tx) => insertMail(tx, mail))
    },
    /** Waits until the mail has this status. @returns its row */
    waitForStatus: (id: string, status: string, timeoutMs = 60_000) =>
      eventually(
        async () => {
          const row = await mailRow(id)
          if (row.status !== status) throw new Error(`the mail is ${row.status}: ${row.error}`)
          return row
        },
        { timeoutMs },
      ),
    /** Counts the jobs in the outbox that are pending. */
    async countPendingJobs(): Promise<number> {
      const rows = await db.selectFrom('outbox').select('id').where('failed_at', 'is', null).execute()
      return rows.length
    },
    async close() {
      await Promise.all(running.map((worker) => worker.close()))
      await redis.close()
      await database.drop()
    },
  }
}

export type Harness = Awaited<ReturnType<typeof createHarness>>
