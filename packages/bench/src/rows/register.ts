import { randomBytes } from 'node:crypto'
import { startApp } from '../apps.ts'
import { rssMiB, startChild } from '../child.ts'
import { startSmtpSink } from '../drivers/smtp-sink.ts'
import { milliseconds } from '../figures.ts'
import type { Row } from '../row.ts'
import { median } from '../statistics.ts'
import { bcryptCost } from '../users.ts'

const smtpDelayMs = 1_000
const goal = 5
/** The share by which a slow or dead mail server may change the response time: less than its own variation. */
const unchangedWithin = 0.25

export const register: Row = {
  name: 'register',
  number: 6,
  ifMissed: 'Registration waits for Postgres alone. Next: look for a statement that waits, with log_lock_waits.',
  async measure(stage) {
    const times = stage.plan.isSmoke ? 1 : 20
    const [quick, slow] = [await startSmtpSink({ delayMs: 0 }), await startSmtpSink({ delayMs: smtpDelayMs })]
    const inline = await startChild<object, number>(new URL('../limits/inline-register.ts', import.meta.url), {
      DATABASE_URL: stage.databaseUrl,
      BENCH_BCRYPT_COST: String(bcryptCost),
      BENCH_SMTP_URL: slow.url,
    })
    const api = await startApp(stage, 'api')
    const withMailServer = async (smtpUrl: string) => {
      const worker = await startApp(stage, 'email-worker', { SMTP_URL: smtpUrl })
      try {
        return await medianMs(api.origin, times)
      } finally {
        await worker.stop()
      }
    }
    try {
      await medianMs(api.origin, times)
      const atQuickMs = await withMailServer(quick.url)
      const atSlowMs = await withMailServer(slow.url)
      const atDeadMs = await withMailServer('smtp://127.0.0.1:1')
      const inlineMs = await medianMs(`http://127.0.0.1:${await inline.ask({})}`, Math.min(times, 5))
      const ratio = inlineMs / atSlowMs
      const moved = Math.max(atSlowMs, atDeadMs) / atQuickMs - 1
      const details = { atQuickMs, atSlowMs, atDeadMs, inlineMs }
      return [
        {
          what: 'POST /auth/register, SMTP takes 1 s / SMTP inline',
          muster: milliseconds(atSlowMs),
          limit: milliseconds(inlineMs),
          ratio,
          goal: `≥ ${goal} × faster`,
          isReached: ratio >= goal,
          rssMiB: rssMiB(api.pid),
          details,
        },
        {
          what: 'the same with a quick, slow and dead mail server',
          muster: [atQuickMs, atSlowMs, atDeadMs].map(milliseconds).join(', '),
          limit: '–',
          goal: 'unchanged',
          isReached: moved <= unchangedWithin,
          details,
        },
      ]
    } finally {
      await Promise.all([api.stop(), inline.stop()])
      await Promise.all([quick.close(), slow.close()])
      await stage.db.query('drop table if exists bench_registrations')
      await stage.db.query('truncate outbox')
      await stage.redis.flushall()
    }
  },
}

/** Sends registrations one after another. @returns the median response time in milliseconds */
async function medianMs(origin: string, times: number): Promise<number> {
  const durationsMs: number[] = []
  for (let time = 0; time < times; time++) {
    const username = `bench_${randomBytes(8).toString('hex')}`
    const body = { username, name: 'Bench Person', email: `${username}@example.com`, password: 'Stands-1n-the-park' }
    const startMs = performance.now()
    const answer = await fetch(`${origin}/api/v1/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    await answer.text()
    if (answer.status !== 202) throw new Error(`registering was answered by ${answer.status}`)
    durationsMs.push(performance.now() - startMs)
  }
  return median(durationsMs)
}
