import { startApps } from '../apps.ts'
import { type AuditLag, settleAudit, watchAudit } from '../audit-lag.ts'
import { createCostMeter, formatCosts } from '../cost.ts'
import { startSmtpSink } from '../drivers/smtp-sink.ts'
import { perSecond, seconds } from '../figures.ts'
import { startLimit } from '../limits/start-limit.ts'
import { comparePair, defaultRounds, fewRounds, type Pair } from '../pair.ts'
import type { Line, Row } from '../row.ts'
import { insertTasks } from '../tasks.ts'
import { insertUser, signIn } from '../users.ts'

const path = '/api/v1/tasks'
const goals = { burst: 0.5, sustained: 0.45, auditLagMs: 2_000 }
const body = JSON.stringify({ title: 'Paint the bench', dueDate: '2031-05-01T08:00:00.000Z', priority: 'high' })

export const taskCreate: Row = {
  name: 'task-create',
  number: 3,
  ifMissed:
    'The floor is in decision 050: HTTP and schemas take 400 µs of the API. Next: compare the line of processor time, since a busy machine slows the side with more processes.',
  async measure(stage) {
    const { plan } = stage
    const user = await insertUser(stage)
    await insertTasks(stage, user, plan.tasks)
    const sink = await startSmtpSink({ delayMs: 0 })
    const apps = await startApps(stage, { 'email-worker': { SMTP_URL: sink.url } })
    const { api } = apps
    try {
      const cookie = await signIn(api.origin, user)
      const headers = { cookie, 'content-type': 'application/json' }
      const first = await fetch(api.origin + path, { method: 'POST', headers, body })
      const limit = await startLimit(stage, 'bare-insert', { body: await first.text(), user })
      const requests = [{ method: 'POST' as const, path, cookie, body }]
      const sides = {
        muster: api,
        limit,
        requests,
        settle: () => settleAudit(stage),
        meter: createCostMeter(stage, apps),
      }
      const burst = await comparePair({ ...sides, ...defaultRounds(plan) })
      const watch = watchAudit(stage)
      const { sustainedRounds: rounds, sustainedSeconds } = plan
      const sustained = await comparePair({ ...sides, rounds, seconds: sustainedSeconds, warmUpSeconds: 0 })
      const lag = await watch.stop()
      await insertTasks(stage, user, plan.tasks * 9)
      const tenfold = await comparePair({ ...sides, ...fewRounds(plan) })
      await limit.stop()
      return [
        {
          ...lineOf(`POST /tasks, ${plan.roundSeconds} s burst / bare-insert`, burst, goals.burst),
          atTenfold: perSecond(tenfold.musterPerSecond),
          rssMiB: tenfold.rssMiB,
          details: { burst, tenfold },
        },
        costLine(burst),
        lineOf(`POST /tasks, sustained ${sustainedSeconds} s / bare-insert`, sustained, goals.sustained),
        auditLine(lag),
      ]
    } finally {
      await Promise.all(Object.values(apps).map((app) => app.stop()))
      await sink.close()
      await stage.db.query('truncate tasks cascade')
    }
  },
}

function lineOf(what: string, pair: Pair, goal: number): Line {
  return {
    what,
    muster: perSecond(pair.musterPerSecond),
    limit: perSecond(pair.limitPerSecond),
    ratio: pair.ratio,
    goal: `≥ ${goal}`,
    isReached: pair.ratio >= goal,
    rssMiB: pair.rssMiB,
    limitRssMiB: pair.limitRssMiB,
    details: pair,
  }
}

function costLine({ rounds }: Pair): Line {
  return {
    what: '  processor time and log of one',
    muster: formatCosts(rounds.map(({ muster }) => muster.cost)),
    limit: formatCosts(rounds.map(({ limit }) => limit.cost)),
    goal: '',
    details: undefined,
  }
}

function auditLine(lag: AuditLag): Line {
  return {
    what: '  meanwhile the oldest audit row not yet in the chain',
    muster: seconds(lag.maxAgeMs),
    limit: '–',
    goal: `≤ ${goals.auditLagMs / 1_000} s`,
    isReached: lag.maxAgeMs <= goals.auditLagMs,
    details: lag,
  }
}
