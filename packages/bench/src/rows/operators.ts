import { keptJobs } from '@muster/jobs/admin'
import { queuePrefix } from '@muster/jobs/queue'
import { startApp } from '../apps.ts'
import { rssMiB } from '../child.ts'
import { milliseconds } from '../figures.ts'
import type { Line, Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { median } from '../statistics.ts'
import { benchPassword, insertUser, signIn } from '../users.ts'
import { chain } from './audit-chain.ts'

const goalMs = 200
/** Of each read: the first one of a process that has just started, and those after it. */
const readings = 10
const chainedAtOnce = 50_000
const monthSeconds = 30 * 86_400

/** Paths of the GET requests of the pages for operators, by subject. */
type Reads = Record<string, string[]>

type Reading = { path: string; firstMs: number; laterMs: number }

export const operators: Row = {
  name: 'operators',
  number: 21,
  ifMissed:
    'A read that counts all rows, or has no index for its filter. Next: EXPLAIN of its statements with the data of the row.',
  async measure(stage) {
    const { plan } = stage
    const worker = await startApp(stage, 'audit-worker')
    try {
      await stage.db.query(`select audit_ensure_partition(now() - interval '1 second' * $1)`, [monthSeconds])
      for (let left = plan.auditEvents; left > 0; left -= chainedAtOnce)
        await chain(stage, Math.min(left, chainedAtOnce), (monthSeconds * left) / plan.auditEvents)
    } finally {
      await worker.stop()
    }
    const operator = await insertUser(stage)
    await stage.db.query(`update users set role = 'super_admin', organization_id = null where id = $1`, [operator.id])
    await insertMails(stage, plan.mailsSent)
    await insertFailedJobs(stage, plan.failedJobs)
    await stage.db.query('vacuum analyze audit_events, audit_personal, email_messages, email_attempts, outbox')

    const api = await startApp(stage, 'api')
    try {
      const cookie = await signIn(api.origin, { email: operator.email, password: benchPassword })
      const lines: Line[] = []
      for (const [what, paths] of Object.entries(await readsOf(stage))) {
        const measured: Reading[] = []
        for (const path of paths) measured.push(await read(`${api.origin}/api/v1${path}`, cookie))
        lines.push(lineOf(what, measured))
      }
      return lines.map((line, index) => (index === 0 ? { ...line, rssMiB: rssMiB(api.pid) } : line))
    } finally {
      await api.stop()
      await stage.db.query('truncate email_messages, outbox cascade')
      await stage.redis.flushall()
    }
  },
}

function lineOf(what: string, measured: Reading[]): Line {
  const slowest = Math.max(...measured.map(({ firstMs }) => firstMs))
  const later = Math.max(...measured.map(({ laterMs }) => laterMs))
  return {
    what: `${what}, slowest of ${measured.length} reads: the first time, and later`,
    muster: `${milliseconds(slowest)}, ${milliseconds(later)}`,
    limit: '–',
    goal: `≤ ${goalMs} ms`,
    isReached: Math.max(slowest, later) <= goalMs,
    details: measured,
  }
}

async function read(url: string, cookie: string): Promise<Reading> {
  const tookMs: number[] = []
  for (let reading = 0; reading < readings; reading++) {
    const startedMs = performance.now()
    const answer = await fetch(url, { headers: { cookie } })
    const text = await answer.text()
    tookMs.push(performance.now() - startedMs)
    if (!answer.ok) throw new Error(`${url} was answered by ${answer.status}: ${text}`)
  }
  const [firstMs = 0, ...later] = tookMs
  return { path: new URL(url).pathname + new URL(url).search, firstMs, laterMs: median(later) }
}

async function readsOf({ db }: Stage): Promise<Reads> {
  const { rows } = await db.query<{
    actor: string
    requestId: string
    mail: string
    user: string
    month: Date
    week: Date
    now: Date
  }>(
    `select (select actor_id from audit_events order by seq desc limit 1) as actor,
       (select request_id from audit_personal limit 1) as "requestId",
       (select id from email_messages order by created_at limit 1) as mail,
       (select id from users where role = 'super_admin' limit 1) as "user",
       now() - interval '30 days' as month, now() - interval '7 days' as week, now()`,
  )
  const { actor, requestId, mail, user, month, week, now } = rows[0] as NonNullable<(typeof rows)[0]>
  const since = (from: Date) => `from=${from.toISOString()}&to=${now.toISOString()}`
  const [queue, mails, events, people] = ['/admin/queues/image', '/admin/emails', '/admin/audit-events', '/admin/users']
  return {
    'status and health': ['/admin/status', '/admin/queues'],
    'a queue with failed jobs': [
      `${queue}/failures`,
      `${queue}/failed?limit=25`,
      `${queue}/series?${since(week)}`,
      `${queue}/retries`,
    ],
    'mails and their results': [
      ...['', '&status=failed', '&template=invite', '&to=person7@bench.example'].map(
        (only) => `${mails}?limit=50${only}`,
      ),
      ...[`${mails}/${mail}`, `${mails}/suppressions`, `${mails}/results?${since(month)}&step=day`],
    ],
    'the audit log and its chain': [
      ...['', '&action=task.created', '&action=session.created', `&actorId=${actor}`, `&${since(month)}`].map(
        (only) => `${events}?limit=50${only}`,
      ),
      `${events}/chain`,
    ],
    'people, organizations and invitations': [
      ...[`${people}?q=bench`, `${people}/${user}`, `${people}/${user}/sessions`],
      ...['/admin/organizations?q=bench', '/invites?q=bench'],
    ],
    'what a request caused': [`/admin/trace/${requestId}`],
  }
}

/** Inserts mails of the last month with one attempt each, of which every fiftieth failed. */
async function insertMails({ db }: Stage, count: number): Promise<void> {
  await db.query(
    `with mail as (
       insert into email_messages (id, template, to_address, status, attempts, created_at, sent_at, error)
       select uuidv7(at - now()), (array['invite', 'reminder', 'digest', 'code'])[1 + n % 4], 'person' || n % 5000 || '@bench.example',
         case when n % 50 = 0 then 'failed' else 'sent' end, 1, at, case when n % 50 > 0 then at end,
         case when n % 50 = 0 then '550 5.1.1 User unknown' end
       from generate_series(1, $1::int) n, lateral (select now() - n * interval '30 days' / $1 as at) moment
       returning id, status, created_at
     )
     insert into email_attempts (email_id, attempt, outcome, started_at, ended_at)
     select id, 1, status, created_at, created_at from mail`,
    [count],
  )
}

const reasons = ['ENOSPC: no space left on device', 'The storage did not answer within 30 s', 'connect ECONNREFUSED']

/** Writes failed jobs into the outbox, and the newest as BullMQ keeps them. Letting a worker fail each would take minutes. */
async function insertFailedJobs({ db, redis }: Stage, count: number): Promise<void> {
  const { rows } = await db.query<{ id: string; error: string; failedAtMs: number }>(
    `with job as (
       insert into outbox (id, queue, name, payload, published_at, failed_at, error)
       select uuidv7(), 'image', 'optimize-image', '{"attachmentId": "0199d3c0-0000-7000-8000-000000000000"}', now(),
         now() - n * interval '10 milliseconds', ($2::text[])[1 + n % 3]
       from generate_series(1, $1::int) n returning id, error, failed_at
     )
     select id, error, (extract(epoch from failed_at) * 1000)::float8 as "failedAtMs" from job order by failed_at desc limit $3`,
    [count, reasons, keptJobs.failed.count],
  )
  const queue = `${queuePrefix('image')}:image`
  const pipeline = redis.pipeline()
  for (const { id, error, failedAtMs } of rows) {
    pipeline.hset(`${queue}:${id}`, {
      ...{
        name: 'optimize-image',
        data: '{"attachmentId":"0199d3c0-0000-7000-8000-000000000000"}',
        opts: '{"attempts":10}',
      },
      ...{
        timestamp: failedAtMs,
        processedOn: failedAtMs,
        finishedOn: failedAtMs,
        atm: 10,
        ats: 10,
        failedReason: error,
      },
    })
    pipeline.zadd(`${queue}:failed`, failedAtMs, id)
  }
  await pipeline.exec()
}
