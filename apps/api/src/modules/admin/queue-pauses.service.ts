import { DomainError, detailOf } from '@muster/errors'
import type { QueueName } from '@muster/jobs/definitions'
import type { Deps } from '../../deps.ts'
import { askRedis } from './ask-redis.ts'
import { assertPermission, auditActor, commandLineMark, type Principal } from './principal.ts'
import * as queries from './queue-pauses.queries.ts'

type PauseDeps = Pick<Deps, 'db' | 'transact' | 'queueMonitor'>

export type PauseView = { at: string; by: { id: string; name: string } | null; note: string }

/** Returns who paused which queue, when and why. */
export async function readPauses({ db }: Pick<Deps, 'db'>): Promise<ReadonlyMap<string, PauseView>> {
  const pauses = await queries.listPauses(db)
  return new Map(pauses.map((pause) => [pause.queue, toView(pause)]))
}

const toView = ({ pausedAt, userId, userName, note }: queries.QueuePause): PauseView => ({
  at: pausedAt.toISOString(),
  by: userId === null ? null : { id: userId, name: userName ?? '' },
  note,
})

/**
 * Pauses a queue: jobs in progress end, new ones wait. The row in Postgres decides; {@link keepPauses} pauses the queue again should Redis
 * lose its data.
 * @throws DomainError CONFLICT when it is paused already, DEPENDENCY_UNAVAILABLE without Redis
 */
export async function pauseQueue(deps: PauseDeps, principal: Principal, queue: QueueName, note: string): Promise<void> {
  assertPermission(principal, 'queue.change')
  await deps.transact(async ({ trx, audit }) => {
    if (!(await queries.insertPause(trx, { queue, paused_by: principal.actor?.userId ?? null, note })))
      throw new DomainError('CONFLICT', {
        message: 'Somebody has paused this queue already. Reload to see who, and why.',
        details: [detailOf('params.name', 'DONE_ALREADY', { what: 'paused' })],
      })
    audit({
      action: 'queue.paused',
      ...target(queue),
      after: { ...commandLineMark(principal), note },
      ...auditActor(principal),
    })
    await askRedis(() => deps.queueMonitor.pause(queue))
  })
}

/** Resumes a queue, also one that was not paused here. @throws DomainError CONFLICT when it is not paused, DEPENDENCY_UNAVAILABLE without Redis */
export async function resumeQueue(
  deps: PauseDeps,
  principal: Principal,
  queue: QueueName,
  note: string,
): Promise<void> {
  assertPermission(principal, 'queue.change')
  await deps.transact(async ({ trx, audit }) => {
    const pause = await queries.deletePause(trx, queue)
    if (!pause && !(await askRedis(() => deps.queueMonitor.isPaused(queue))))
      throw new DomainError('CONFLICT', {
        message: 'This queue is not paused: somebody has resumed it already.',
        details: [detailOf('params.name', 'DONE_ALREADY', { what: 'resumed' })],
      })
    audit({
      action: 'queue.resumed',
      ...target(queue),
      before: pause ? { pausedAt: pause.paused_at.toISOString(), note: pause.note } : {},
      after: { ...commandLineMark(principal), note },
      ...auditActor(principal),
    })
    await askRedis(() => deps.queueMonitor.resume(queue))
  })
}

const target = (queue: QueueName) => ({ targetType: 'queue', targetId: queue })

/**
 * Pauses the queues again that operators have paused and that run, since Redis has lost its data. Does nothing without Redis. A pause is
 * locked meanwhile, so that an operator who resumes the queue at that moment does so afterwards.
 */
export async function keepPauses({ db, queueMonitor }: Pick<Deps, 'db' | 'queueMonitor'>): Promise<void> {
  for (const { queue } of await queries.listPauses(db)) {
    const name = queue as QueueName
    const isPaused = await queueMonitor.isPaused(name).catch(() => true)
    if (isPaused) continue
    await db.transaction().execute(async (trx) => {
      if (await queries.lockPause(trx, queue)) await queueMonitor.pause(name).catch(() => {})
    })
  }
}
