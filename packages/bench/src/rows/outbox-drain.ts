import { newId } from '@muster/db'
import { sendEmail } from '@muster/jobs/definitions'
import { rssMiB, startChild } from '../child.ts'
import type { DrainAnswer, OutboxSample } from '../drivers/drain-outbox.ts'
import { perSecond } from '../figures.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { median } from '../statistics.ts'

const goal = 0.75

type Round = { musterMs: number; limitMs: number; ratio: number; rssMiB: number; limitRssMiB: number }

export const outboxDrain: Row = {
  name: 'outbox-drain',
  number: 8,
  ifMissed:
    'Each batch marks its rows in Postgres after addBulk. Next: profile the drain (--profile), and compare the share of the update.',
  async measure(stage) {
    const count = stage.plan.outboxRows
    const rounds: Round[] = []
    // The first round is a warm-up.
    for (let round = 0; round <= stage.plan.rounds; round++) {
      const measured = await measureRound(stage, Array.from({ length: count }, newId))
      if (round > 0) rounds.push(measured)
    }
    const ratio = median(rounds.map((round) => round.ratio))
    const rate = (of: (round: Round) => number) => perSecond(count / (median(rounds.map(of)) / 1_000))
    return [
      {
        what: `outbox drain, ${count} rows / addBulk`,
        muster: rate(({ musterMs }) => musterMs),
        limit: rate(({ limitMs }) => limitMs),
        ratio,
        goal: `≥ ${goal}`,
        isReached: ratio >= goal,
        rssMiB: Math.max(...rounds.map((round) => round.rssMiB)),
        limitRssMiB: Math.max(...rounds.map((round) => round.limitRssMiB)),
        details: rounds,
      },
    ]
  },
}

async function measureRound(stage: Stage, ids: string[]): Promise<Round> {
  const limit = await drain(stage, new URL('../limits/bare-bullmq.ts', import.meta.url), ids)
  await stage.redis.flushall()
  await fillOutbox(stage, ids)
  const muster = await drain(stage, new URL('../drivers/drain-outbox.ts', import.meta.url), ids)
  await stage.redis.flushall()
  await stage.db.query('truncate outbox')
  return {
    musterMs: muster.elapsedMs,
    limitMs: limit.elapsedMs,
    ratio: limit.elapsedMs / muster.elapsedMs,
    rssMiB: muster.rssMiB,
    limitRssMiB: limit.rssMiB,
  }
}

async function drain(stage: Stage, file: URL, ids: string[]): Promise<DrainAnswer & { rssMiB: number }> {
  const child = await startChild<OutboxSample, DrainAnswer>(file, {
    DATABASE_URL: stage.databaseUrl,
    REDIS_URL: stage.redisUrl,
  })
  try {
    return { ...(await child.ask({ ids })), rssMiB: rssMiB(child.pid) }
  } finally {
    await child.stop()
  }
}

/** Inserts jobs that no publisher has published. */
export async function fillOutbox({ db }: Pick<Stage, 'db'>, ids: string[]): Promise<void> {
  await db.query(
    `insert into outbox (id, queue, name, payload)
     select id, $2, $3, jsonb_build_object('emailId', id) from unnest($1::uuid[]) as id`,
    [ids, sendEmail.queue, sendEmail.name],
  )
  await db.query('vacuum analyze outbox')
}
