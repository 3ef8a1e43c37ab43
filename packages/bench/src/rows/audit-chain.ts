import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../apps.ts'
import { settleAudit } from '../audit-lag.ts'
import { type Child, rssMiB, startChild } from '../child.ts'
import { perSecond } from '../figures.ts'
import type { AuditSample, InsertedAnswer } from '../limits/bare-audit-insert.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { median } from '../statistics.ts'

const goal = 0.7
const patienceMs = 300_000

type Round = { musterPerSecond: number; limitPerSecond: number; ratio: number; rssMiB: number; limitRssMiB: number }

export const auditChain: Row = {
  name: 'audit-chain',
  number: 10,
  ifMissed:
    'Each event is hashed in order and written twice, to the chain and to its personal part. Next: --profile, and the WAL of a batch.',
  async measure(stage) {
    const { plan } = stage
    const env = { DATABASE_URL: stage.databaseUrl }
    const limit = await startChild<AuditSample, InsertedAnswer>(
      new URL('../limits/bare-audit-insert.ts', import.meta.url),
      env,
    )
    const worker = await startApp(stage, 'audit-worker')
    try {
      await settleAudit(stage)
      const rounds: Round[] = []
      // The first round is a warm-up. The tables of both sides are not emptied between rounds, so both grow alike.
      for (let round = 0; round <= plan.rounds; round++) {
        const measured = await measureRound(stage, worker.pid, limit)
        if (round > 0) rounds.push(measured)
      }
      const tenfold = await chain(stage, plan.auditRows * 10)
      const ratio = median(rounds.map((round) => round.ratio))
      return [
        {
          what: `audit worker, ${plan.auditRows} rows into the chain / batched INSERT`,
          muster: perSecond(median(rounds.map(({ musterPerSecond }) => musterPerSecond))),
          limit: perSecond(median(rounds.map(({ limitPerSecond }) => limitPerSecond))),
          ratio,
          goal: `≥ ${goal}`,
          isReached: ratio >= goal,
          atTenfold: perSecond(tenfold),
          rssMiB: Math.max(...rounds.map((round) => round.rssMiB)),
          limitRssMiB: Math.max(...rounds.map((round) => round.limitRssMiB)),
          details: { rounds, tenfold },
        },
      ]
    } finally {
      await worker.stop()
      await limit.stop()
    }
  },
}

async function measureRound(
  stage: Stage,
  workerPid: number,
  limit: Child<AuditSample, InsertedAnswer>,
): Promise<Round> {
  const count = stage.plan.auditRows
  const { elapsedMs } = await limit.ask({ count })
  const limitPerSecond = count / (elapsedMs / 1_000)
  const musterPerSecond = await chain(stage, count)
  return {
    musterPerSecond,
    limitPerSecond,
    ratio: musterPerSecond / limitPerSecond,
    rssMiB: rssMiB(workerPid),
    limitRssMiB: rssMiB(limit.pid),
  }
}

/**
 * Measures chained rows per second from the first visible batch to the last, without the wake-up of the worker.
 * @param secondsAgo how long ago the first of the events happened; another one happened each second from then on
 */
export async function chain(stage: Stage, count: number, secondsAgo = 0): Promise<number> {
  const before = await chainedRows(stage)
  await fillPending(stage, count, secondsAgo)
  const deadlineMs = performance.now() + patienceMs
  let first: { seq: number; atMs: number } | undefined
  for (;;) {
    const [seq, atMs] = [await chainedRows(stage), performance.now()]
    if (first && seq === before + count) return (seq - first.seq) / ((atMs - first.atMs) / 1_000)
    if (seq > before) first ??= { seq, atMs }
    if (atMs > deadlineMs) throw new Error(`${before + count - seq} audit rows were not chained`)
    await sleep(5)
  }
}

async function chainedRows({ db }: Stage): Promise<number> {
  const { rows } = await db.query<{ seq: string }>('select seq from audit_chain_head')
  return Number(rows[0]?.seq)
}

/** Inserts pending audit events of new tasks, in one transaction. */
async function fillPending({ db }: Stage, count: number, secondsAgo: number): Promise<void> {
  await db.query(
    `insert into audit_pending (id, action, actor_id, target_type, target_id, ip, user_agent, request_id, after, created_at)
     select uuidv7(at - now()), 'task.created', gen_random_uuid(), 'task', gen_random_uuid()::text, '192.0.2.7',
       'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', uuidv7(at - now())::text,
       jsonb_build_object('id', gen_random_uuid(), 'title', 'Paint the bench', 'dueDate', '2031-05-01T08:00:00.000Z',
         'priority', 'high', 'status', 'todo', 'version', 1, 'ownerId', gen_random_uuid(), 'description', null),
       at
     from generate_series(1, $1::int) n,
       lateral (select now() - greatest(0, $2 - n) * interval '1 second' as at) moment`,
    [count, secondsAgo],
  )
}
