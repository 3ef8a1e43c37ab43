import { systemClock } from '@muster/db'
import { openQueueMonitor } from '@muster/jobs/admin'
import { createTransact, noPublisher } from '@muster/jobs/outbox'
import { tracedRetention, tracedRetentionSettings } from '@muster/settings/audit-worker'
import { z } from 'zod'
import { commandLine } from '../modules/admin/principal.ts'
import type { RequestTrace } from '../modules/admin/request-trace.schema.ts'
import * as traces from '../modules/admin/request-trace.service.ts'
import { type Result, table } from './command.ts'
import { readServices, readSettings, redisPatienceMs, withDb } from './environment.ts'

/** Shows all that a request caused, as far as it is kept; also by the id of a mail, a job, an audit event or a notification. @throws DomainError for what is no id of a request */
export async function traceRequest(pasted: string): Promise<Result> {
  const { database, redis } = readServices()
  const retention = tracedRetentionSettings(readSettings(z.object(tracedRetention)))
  const queueMonitor = openQueueMonitor(redis, { patienceMs: redisPatienceMs })
  try {
    const trace = await withDb(database, (db) => {
      const transact = createTransact({ db, publisher: noPublisher })
      return traces.traceRequest({ db, queueMonitor, transact, clock: systemClock, retention }, commandLine, pasted)
    })
    return { data: trace, lines: linesOf(trace), isWell: !traces.isEmpty(trace) }
  } finally {
    queueMonitor.close()
  }
}

function linesOf(trace: RequestTrace): string[] {
  const { auditEvents, mails, notifications, jobs, kept, isWhole, cutOff } = trace
  return [
    ...(trace.foundBy
      ? [`The id is of a${trace.foundBy === 'audit event' ? 'n' : ''} ${trace.foundBy}; its request:`]
      : []),
    `request ${trace.requestId} of ${trace.requestedAt}`,
    ...section('audit events', ['at', 'action', 'target', 'actor', 'number'], auditEvents, (event) => [
      event.createdAt,
      event.action,
      `${event.targetType} ${event.targetId}`,
      event.actorId ?? 'nobody signed in',
      event.seq === null ? 'not chained yet' : String(event.seq),
    ]),
    ...section('mails', ['mail', 'template', 'to', 'status', 'ordered', 'sent', 'last error'], mails, (mail) => [
      ...[mail.id, mail.template, mail.to, mail.status, mail.createdAt, mail.sentAt ?? '', mail.error ?? ''],
    ]),
    ...section('notifications', ['notification', 'user', 'type', 'event', 'at', 'read'], notifications, (one) => [
      ...[one.id, one.userId, one.type, one.event ?? '', one.createdAt, one.isRead ? 'read' : ''],
    ]),
    ...section('jobs', ['job', 'queue', 'name', 'state', 'ordered', 'payload', 'reason'], jobs, (job) => [
      ...[job.id, job.queue, job.name, job.state, job.createdAt, JSON.stringify(job.payload), job.reason ?? ''],
    ]),
    ...(traces.isEmpty(trace) ? ['', nothingFound(trace)] : []),
    ...(isWhole ? [] : ['', 'Redis is unavailable: of the jobs only those in the outbox are listed.']),
    ...(cutOff.length > 0 ? ['', `There are more than are listed: ${cutOff.join(', ')}.`] : []),
    '',
    ...table(
      ['kept', 'until', 'for'],
      kept.map(({ kind, until, isGone, rule }) => [kind, `${isGone ? 'gone since ' : ''}${until ?? '–'}`, rule]),
    ),
  ]
}

function section<Row>(name: string, header: string[], rows: readonly Row[], toCells: (row: Row) => string[]): string[] {
  if (rows.length === 0) return ['', `${name}: none`]
  return ['', `${name}: ${rows.length}`, ...table(header, rows.map(toCells)).map((line) => `  ${line}`)]
}

const nothingFound = ({ kept }: RequestTrace) =>
  kept.some(({ isGone }) => isGone)
    ? 'Nothing is there. Either the request changed nothing, as most that read do not, or it is of another installation, or what it caused is gone: see below.'
    : 'Nothing is there. Either the request changed nothing, as most that read do not, or it is of another installation.'
