import { DomainError } from '@muster/errors'
import { type JobOfRequest, listRowsOfRequest, type RowOfRequest } from '@muster/jobs/admin'
import { hideSecrets } from '@muster/logger'
import type { Deps } from '../../deps.ts'
import { findUserSummaries } from '../accounts/user-summary.ts'
import { toAdminEmail } from './admin-emails.service.ts'
import { findRequestOf, type ShownRecord } from './find-request-of.ts'
import { assertPermission, auditActor, commandLineMark, type Principal } from './principal.ts'
import { type RequestRef, readRequestId } from './request-id.ts'
import * as queries from './request-trace.queries.ts'
import type { RequestTrace, TracedJob } from './request-trace.schema.ts'
import { type RequestRetention, whatIsKept } from './what-is-kept.ts'

type TraceDeps = Pick<Deps, 'db' | 'transact' | 'queueMonitor' | 'clock'> & { retention: RequestRetention }

/** Of each kind; a request that invites or tells hundreds of users causes more. */
const maxListed = 500
/** A job may end before the time of its request when their processes have different clocks. */
const clockToleranceMs = 600_000

/**
 * Reads all that a request caused, and tells until when it is kept. The id of an effect (a mail, a job, an audit event, a notification)
 * leads to its request. The look is audited.
 * @param pasted the id, with what a user may have pasted around it
 * @throws DomainError VALIDATION_FAILED when it has no id of a request, NOT_FOUND for the id of what no request caused, FORBIDDEN
 */
export async function traceRequest(deps: TraceDeps, principal: Principal, pasted: string): Promise<RequestTrace> {
  for (const permission of ['audit.read', 'email.read', 'queue.read'] as const) assertPermission(principal, permission)
  const given = readRequestId(pasted, deps.clock.now())
  const own = { ...(await readTrace(deps, given)), foundBy: null }
  const record = isEmpty(own) ? await findRequestOf(deps, given.id) : undefined
  const trace = record ? await traceRequestOf(deps, record, given.id) : own
  await recordLook(deps, principal, trace)
  return trace
}

/** Tells whether nothing of a request is kept. */
export const isEmpty = ({ auditEvents, mails, notifications, jobs }: RequestTrace): boolean =>
  auditEvents.length + mails.length + notifications.length + jobs.length === 0

/** Traces the request that caused a record. @throws DomainError NOT_FOUND when none is known */
async function traceRequestOf(
  deps: TraceDeps,
  { kind, requestId, command }: ShownRecord,
  id: string,
): Promise<RequestTrace> {
  if (requestId && kind !== 'user')
    return { ...(await readTrace(deps, readRequestId(requestId, deps.clock.now()))), foundBy: kind }
  const reason =
    kind === 'user' ? 'not of a request.' : 'and no request is known that caused it: work of a schedule has none.'
  const shown = command ? ` \`${command}\` shows it.` : ''
  throw new DomainError('NOT_FOUND', {
    message: `${id} is the id of a${kind === 'audit event' ? 'n' : ''} ${kind}, ${reason}${shown}`,
  })
}

async function readTrace(deps: TraceDeps, { id, at }: RequestRef): Promise<Omit<RequestTrace, 'foundBy'>> {
  const [chained, pending, mails, notifications, rows] = await Promise.all([
    queries.listChainedEventsOf(deps.db, id, maxListed),
    queries.listPendingEventsOf(deps.db, id, maxListed),
    queries.listMailsOf(deps.db, id, maxListed),
    queries.listNotificationsOf(deps.db, id, maxListed),
    listRowsOfRequest(deps.db, id, maxListed),
  ])
  const jobs = await deps.queueMonitor
    .findJobsOf(id, { since: new Date(at.getTime() - clockToleranceMs), rowIds: rows.map((row) => row.id) })
    .catch(() => undefined)
  const events = [...chained, ...pending]
  const users = await findUserSummaries(deps.db, [
    ...events.flatMap(({ actor_id }) => actor_id ?? []),
    ...events.flatMap(({ target_type, target_id }) => (target_type === 'user' ? target_id : [])),
    ...notifications.map(({ user_id }) => user_id),
  ])
  const lists = { 'audit events': events, mails, notifications, 'outbox rows': rows }
  return {
    requestId: id,
    requestedAt: at.toISOString(),
    auditEvents: events.map((row) => ({
      ...toEvent(row),
      actor: users.get(row.actor_id ?? '') ?? null,
      targetName: row.target_type === 'user' ? (users.get(row.target_id)?.name ?? null) : null,
    })),
    mails: mails.map(toAdminEmail),
    notifications: notifications.map((row) => ({ ...toNotification(row), user: users.get(row.user_id) ?? null })),
    jobs: joinJobs(rows, jobs ?? []),
    isWhole: jobs !== undefined,
    cutOff: Object.entries(lists).flatMap(([kind, { length }]) => (length >= maxListed ? [kind] : [])),
    kept: whatIsKept(at, deps.clock.now(), deps.retention),
  }
}

/** Records who looked at what: the ids of mails, whose addresses were shown, and how much there was of the rest. */
function recordLook({ transact }: TraceDeps, principal: Principal, trace: RequestTrace): Promise<void> {
  const { requestId, auditEvents, mails, notifications, jobs } = trace
  return transact(async ({ audit }) =>
    audit({
      action: 'admin.request_traced',
      targetType: 'request',
      targetId: requestId,
      after: {
        ...commandLineMark(principal),
        auditEvents: auditEvents.length,
        notifications: notifications.length,
        jobs: jobs.length,
        emailIds: mails.map(({ id }) => id),
      },
      ...auditActor(principal),
    }),
  )
}

/** Joins each job's outbox row and its entry in BullMQ. */
function joinJobs(rows: RowOfRequest[], jobs: JobOfRequest[]): TracedJob[] {
  const rowById = new Map(rows.map((row) => [row.id, row]))
  const jobById = new Map(jobs.map((job) => [job.id, job]))
  return [...new Set([...rowById.keys(), ...jobById.keys()])]
    .map((id) => toJob(rowById.get(id), jobById.get(id)))
    .toSorted((one, other) => (one.createdAt < other.createdAt ? -1 : 1))
}

function toJob(row: RowOfRequest | undefined, job: JobOfRequest | undefined): TracedJob {
  const known = (row ?? job) as RowOfRequest | JobOfRequest
  return {
    id: known.id,
    queue: known.queue,
    name: known.name,
    // Postgres decides: a job that failed there is done with, also while BullMQ still has it.
    state: row?.failedAt ? 'failed' : (job?.state ?? 'pending'),
    payload: hideSecrets(known.payload),
    attempts: job?.attempts ?? null,
    createdAt: known.createdAt.toISOString(),
    runAt: row?.runAt?.toISOString() ?? null,
    publishedAt: row?.publishedAt?.toISOString() ?? null,
    endedAt: (row?.failedAt ?? job?.endedAt)?.toISOString() ?? null,
    reason: row?.reason ?? job?.reason ?? null,
    isInOutbox: row !== undefined,
  }
}

const toEvent = (row: queries.TracedEvent) => ({
  id: row.id,
  seq: row.seq,
  action: row.action,
  actorId: row.actor_id,
  targetType: row.target_type,
  targetId: row.target_id,
  createdAt: row.created_at.toISOString(),
  ip: row.ip,
  before: row.before,
  after: row.after,
})

const toNotification = (row: queries.TracedNotification) => ({
  id: row.id,
  userId: row.user_id,
  type: row.type,
  event: row.event,
  taskId: row.task_id,
  chatId: row.chat_id,
  isRead: row.is_read,
  createdAt: row.created_at.toISOString(),
})
