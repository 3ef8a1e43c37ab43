import { readPendingAge } from '@muster/audit'
import { queueNames } from '@muster/jobs/definitions'
import { readOutboxByQueue } from '@muster/jobs/outbox'
import { answerWithin, registerMetric, type Sample, scrapedGauges } from '@muster/telemetry'
import type { Deps } from './deps.ts'

type Sources = Pick<Deps, 'db' | 'queueMonitor' | 'redis' | 'revocations'>

/** Registers the metrics of the API about what all processes share, and about connections that no request owns. To be called once. */
export function registerSourceMetrics({ db, queueMonitor, redis, revocations }: Sources): void {
  registerQueueMetrics({ db, queueMonitor })
  scrapedGauges(
    () => readPendingAge(db),
    [
      {
        name: 'muster_audit_lag_seconds',
        help: 'Age of the oldest audit event that is not in the chain yet; 0 without one.',
        samples: (age) => [{ value: age }],
      },
    ],
  )
  registerMetric({
    name: 'muster_redis_circuit_open',
    help: 'Whether requests do without Redis, because it failed or is not connected: 1 or 0.',
    labelNames: [],
    type: 'gauge',
    read: () => [{ value: redis.isAvailable() ? 0 : 1 }],
  })
  registerMetric({
    name: 'muster_revocation_poll_age_seconds',
    help: 'Time since revoked sessions were read. Beyond 1, signed-in requests are refused.',
    labelNames: [],
    type: 'gauge',
    read: () => {
      const ageMs = revocations.pollAgeMs()
      return ageMs === undefined ? [] : [{ value: ageMs / 1_000 }]
    },
  })
}

/** One source that does not answer must not take away what the other one tells. */
const sourcePatienceMs = 700

function registerQueueMetrics({ db, queueMonitor }: Pick<Sources, 'db' | 'queueMonitor'>): void {
  const readBoth = async () => {
    const [depths, outbox] = await Promise.all([
      answerWithin(sourcePatienceMs, queueMonitor.readDepths(new Map())),
      answerWithin(sourcePatienceMs, readOutboxByQueue(db)),
    ])
    return { depths: depths?.value, outbox: outbox?.value }
  }
  scrapedGauges(readBoth, [
    {
      name: 'muster_jobs',
      help: 'Jobs in BullMQ by state, and `failed` ones, which stay in the outbox until an operator retries or discards them. Failed signals are not counted.',
      labelNames: ['queue', 'state'],
      samples: ({ depths, outbox }) =>
        ofEachQueue((queue) => [
          ...(depths ? statesOf(depths[queue]) : []),
          ...(outbox ? [{ labels: { state: 'failed' }, value: outbox[queue].failed }] : []),
        ]),
    },
    {
      name: 'muster_job_oldest_waiting_seconds',
      help: 'How long the job that waits the longest in BullMQ has been due; 0 when none waits.',
      labelNames: ['queue'],
      samples: ({ depths }) => (depths ? ofEachQueue((queue) => [{ value: depths[queue].oldestMs / 1_000 }]) : []),
    },
    {
      name: 'muster_outbox_pending',
      help: 'Outbox rows that are not published to BullMQ, up to 50,000 in all.',
      labelNames: ['queue'],
      samples: ({ outbox }) => (outbox ? ofEachQueue((queue) => [{ value: outbox[queue].pending }]) : []),
    },
    {
      name: 'muster_outbox_oldest_seconds',
      help: 'Age of the oldest outbox row that is not published to BullMQ; 0 without one.',
      labelNames: ['queue'],
      samples: ({ outbox }) => (outbox ? ofEachQueue((queue) => [{ value: outbox[queue].oldestSeconds }]) : []),
    },
  ])
}

type QueueName = (typeof queueNames)[number]

const ofEachQueue = (samples: (queue: QueueName) => Sample[]): Sample[] =>
  queueNames.flatMap((queue) => samples(queue).map(({ labels, value }) => ({ labels: { queue, ...labels }, value })))

const statesOf = (depth: Record<(typeof states)[number], number>): Sample[] =>
  states.map((state) => ({ labels: { state }, value: depth[state] }))

const states = ['waiting', 'prioritized', 'delayed', 'active'] as const
