import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../apps.ts'
import { type Child, cpuSeconds, rssMiB, startChild } from '../child.ts'
import { type SmtpSink, startSmtpSink } from '../drivers/smtp-sink.ts'
import { perSecond } from '../figures.ts'
import type { Sending } from '../limits/bare-nodemailer.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { median } from '../statistics.ts'

const goal = 0.9
/** The email worker's default, which the limit uses too. */
const connections = 10
const patienceMs = 120_000

type Round = {
  musterMs: number
  limitMs: number
  ratio: number
  /** CPU time of the sending process per mail. */
  musterCpuMs: number | undefined
  limitCpuMs: number | undefined
}

export const emailSend: Row = {
  name: 'email-send',
  number: 9,
  ifMissed:
    'Each mail is claimed, rendered and stored around its sending; no function of Muster takes more than 1.5 % (decision 059).',
  async measure(stage) {
    const count = stage.plan.mails
    const sink = await startSmtpSink({ delayMs: 0 })
    const bare = await startChild<Sending, number>(new URL('../limits/bare-nodemailer.ts', import.meta.url), {
      BENCH_SMTP_URL: sink.url,
      BENCH_CONNECTIONS: String(connections),
    })
    const enqueuer = await startChild<{ count: number }, void>(
      new URL('../drivers/enqueue-mails.ts', import.meta.url),
      {
        DATABASE_URL: stage.databaseUrl,
        REDIS_URL: stage.redisUrl,
      },
    )
    const worker = await startApp(stage, 'email-worker', {
      SMTP_URL: sink.url,
      SMTP_MAX_CONNECTIONS: String(connections),
    })
    try {
      const rounds: Round[] = []
      // The first round is a warm-up.
      for (let round = 0; round <= stage.plan.rounds; round++) {
        const limit = await timed(bare.pid, count, () => bare.ask({ count }))
        const muster = await timed(worker.pid, count, () => sendAll(stage, enqueuer, sink))
        if (round === 0) continue
        rounds.push({
          musterMs: muster.elapsedMs,
          limitMs: limit.elapsedMs,
          ratio: limit.elapsedMs / muster.elapsedMs,
          musterCpuMs: muster.cpuMs,
          limitCpuMs: limit.cpuMs,
        })
      }
      const ratio = median(rounds.map((round) => round.ratio))
      const rate = (of: (round: Round) => number) => perSecond(count / (median(rounds.map(of)) / 1_000))
      return [
        {
          what: `email worker, ${count} mails / nodemailer pooled alone`,
          muster: rate(({ musterMs }) => musterMs),
          limit: rate(({ limitMs }) => limitMs),
          ratio,
          goal: `≥ ${goal}`,
          isReached: ratio >= goal,
          rssMiB: rssMiB(worker.pid),
          limitRssMiB: rssMiB(bare.pid),
          details: rounds,
        },
      ]
    } finally {
      await Promise.all([worker.stop(), enqueuer.stop(), bare.stop()])
      await sink.close()
      await stage.redis.flushall()
    }
  },
}

type Enqueuer = Child<{ count: number }, void>

/** Measures the CPU time of a process while `send` runs. @param send returns its duration in milliseconds */
async function timed(pid: number, count: number, send: () => Promise<number>) {
  const before = cpuSeconds(pid)
  const elapsedMs = await send()
  const after = cpuSeconds(pid)
  return {
    elapsedMs,
    cpuMs: before === undefined || after === undefined ? undefined : ((after - before) * 1_000) / count,
  }
}

/** Sends all mails. @returns milliseconds from the first received mail until the last one is stored as sent */
async function sendAll(stage: Stage, enqueuer: Enqueuer, sink: SmtpSink): Promise<number> {
  const count = stage.plan.mails
  sink.firstAtMs = undefined
  await enqueuer.ask({ count })
  const deadlineMs = performance.now() + patienceMs
  while ((await sentMails(stage)) < count) {
    if (performance.now() > deadlineMs) throw new Error(`${count} mails were not sent within ${patienceMs} ms`)
    await sleep(20)
  }
  const elapsedMs = performance.now() - (sink.firstAtMs ?? Number.NaN)
  await stage.db.query('truncate email_messages cascade')
  return elapsedMs
}

async function sentMails({ db }: Stage): Promise<number> {
  const { rows } = await db.query<{ sent: number }>(
    `select count(*)::int4 as sent from email_messages where status = 'sent'`,
  )
  return rows[0]?.sent ?? 0
}
