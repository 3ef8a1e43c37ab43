import { MusterError, type RequestTrace, type User } from '@muster/client'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { SearchX } from 'lucide-react'
import type { ReactNode } from 'react'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { CodeText } from '../../ui/code-text.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Moment } from '../admin/moment.tsx'
import { OpsPage } from '../admin/ops-page.tsx'
import { statusLabels, statusTones } from '../admin-emails/labels.ts'
import { authorOf } from '../audit/author.ts'
import { ChangesTable } from '../audit/changes-table.tsx'
import { traceQuery } from './queries.ts'
import { type TraceMoment, timeLineOf } from './time-line.ts'
import { TraceForm } from './trace-form.tsx'

/** Where an operator begins to look for what a request caused. */
export function TraceStartPage() {
  return (
    <OpsPage title={m.ops_trace_title()} description={m.ops_trace_text()} width="narrow">
      <Card>
        <TraceForm />
      </Card>
    </OpsPage>
  )
}

/** All that one request caused, on one time line, and what of it is gone. */
export function TracePage({ requestId, user }: { requestId: string; user: User }) {
  const trace = useQuery(traceQuery(requestId))
  return (
    <OpsPage
      title={m.ops_trace_title()}
      description={<code className="break-all">{trace.data?.requestId ?? requestId}</code>}
      width="narrow"
      isLoading={trace.isPending}
    >
      <div className="flex flex-col gap-5">
        {trace.data ? (
          <Trace trace={trace.data} timeZone={user.timezone} />
        ) : (
          trace.error && <TraceError error={trace.error} onRetry={() => trace.refetch()} />
        )}
        <Card title={m.ops_trace_another()}>
          <TraceForm />
        </Card>
      </div>
    </OpsPage>
  )
}

/** Why nothing is shown: for an id of something else in the words of the API, which names it. */
function TraceError({ error, onRetry }: { error: Error; onRetry: () => unknown }) {
  const isOtherId = error instanceof MusterError && (error.code === 'NOT_FOUND' || error.code === 'VALIDATION_FAILED')
  if (!isOtherId) return <ErrorState error={error} onRetry={onRetry} />
  return (
    <EmptyState
      icon={<SearchX />}
      title={m.ops_trace_other_id()}
      text={
        <span lang="en" className="break-words">
          <CodeText>{error.message}</CodeText>
        </span>
      }
    />
  )
}

function Trace({ trace, timeZone }: { trace: RequestTrace; timeZone: string }) {
  const moments = timeLineOf(trace)
  const isEmpty = moments.length === 1
  const gone = trace.kept.filter(({ isGone }) => isGone)
  return (
    <>
      {trace.foundBy && <Notice>{foundByTexts[trace.foundBy]()}</Notice>}
      {!trace.isWhole && <Notice tone="warning">{m.ops_trace_redis_away()}</Notice>}
      {trace.cutOff.length > 0 && <Notice tone="warning">{m.ops_trace_cut_off()}</Notice>}
      {isEmpty && (
        <Notice title={m.ops_trace_empty_title()}>
          {gone.length > 0 ? m.ops_trace_empty_gone() : m.ops_trace_empty_text()}
        </Notice>
      )}
      <Card title={m.ops_trace_time_line()}>
        <ol className="flex flex-col">
          {moments.map((moment) => (
            <li key={moment.key} className="relative border-s-2 border-line ps-5 pb-5 last:pb-0">
              <span aria-hidden="true" className="absolute -start-[0.4375rem] top-1.5 size-3 rounded-full bg-control" />
              <MomentRow moment={moment} timeZone={timeZone} />
            </li>
          ))}
        </ol>
      </Card>
      <Card title={m.ops_trace_kept()} description={m.ops_trace_kept_text()}>
        <ul className="flex flex-col gap-2">
          {trace.kept.map(({ kind, until, isGone }) => (
            <li key={kind} className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <span className="min-w-40 font-medium">{keptTexts[kind]()}</span>
              <Badge tone={isGone ? 'warning' : 'neutral'}>{isGone ? m.ops_trace_gone() : m.ops_trace_is_kept()}</Badge>
              <span className="text-sm text-ink-3">
                {until === null ? ruleTexts[kind]?.() : <Moment at={until} timeZone={timeZone} />}
              </span>
            </li>
          ))}
        </ul>
      </Card>
    </>
  )
}

const foundByTexts: Record<NonNullable<RequestTrace['foundBy']>, () => string> = {
  mail: m.ops_trace_found_by_mail,
  job: m.ops_trace_found_by_job,
  'audit event': m.ops_trace_found_by_event,
  notification: m.ops_trace_found_by_notification,
}

type KeptKind = RequestTrace['kept'][number]['kind']
const keptTexts: Record<KeptKind, () => string> = {
  'audit events': m.ops_trace_kind_events,
  mails: m.ops_trace_kind_mails,
  notifications: m.ops_trace_kind_notifications,
  'completed jobs': m.ops_trace_kind_completed_jobs,
  'failed jobs': m.ops_trace_kind_failed_jobs,
  'outbox rows': m.ops_trace_kind_outbox_rows,
}
const ruleTexts: Partial<Record<KeptKind, () => string>> = { 'outbox rows': m.ops_trace_outbox_rule }

function MomentRow({ moment, timeZone }: { moment: TraceMoment; timeZone: string }) {
  const row = (title: ReactNode, badge?: ReactNode, children?: ReactNode) => (
    <>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-medium">{title}</span>
        {badge}
        <span className="text-sm text-ink-3">
          <Moment at={moment.at} timeZone={timeZone} />
        </span>
      </p>
      {children}
    </>
  )
  switch (moment.kind) {
    case 'request':
      return row(m.ops_trace_request())
    case 'event': {
      const { action, actor, seq, before, after, targetType, targetId, targetName } = moment.event
      return row(
        <>
          {m.ops_trace_event()} <code>{action}</code>
        </>,
        seq === null ? (
          <Badge>{m.ops_trace_not_chained()}</Badge>
        ) : (
          <Link to="/ops/audit" search={{ seq }} hash="events" className="link text-sm">
            {m.ops_audit_number({ seq: String(seq) })}
          </Link>
        ),
        <>
          <p className="text-sm break-words text-ink-2">
            {actor ? (
              <Link to="/ops/people/$userId" params={{ userId: actor.id }} className="link">
                <bdi>{actor.name}</bdi>
              </Link>
            ) : (
              authorOf(moment.event)
            )}
            {' · '}
            {m.ops_audit_target()}: {targetType}{' '}
            {targetType === 'user' ? (
              <Link to="/ops/people/$userId" params={{ userId: targetId }} className="link">
                <bdi>{targetName ?? targetId}</bdi>
              </Link>
            ) : (
              <code className="break-all">{targetId}</code>
            )}
          </p>
          <details className="mt-1">
            <summary className="link w-fit cursor-pointer text-sm">{m.ops_audit_changes()}</summary>
            <ChangesTable before={before} after={after} />
          </details>
        </>,
      )
    }
    case 'mail-written':
    case 'mail-sent': {
      const { id, template, to, status, error } = moment.mail
      const isWritten = moment.kind === 'mail-written'
      return row(
        <>
          {isWritten ? m.ops_trace_mail_written() : m.ops_trace_mail_sent()}{' '}
          <Link to="/ops/mails/$emailId" params={{ emailId: id }} className="link">
            {template}
          </Link>
        </>,
        isWritten && <Badge tone={statusTones[status]}>{statusLabels[status]()}</Badge>,
        isWritten && (
          <p className="text-sm break-words text-ink-2">
            <bdi>{to === 'erased' ? m.ops_mails_erased() : to}</bdi>
            {error !== null && (
              <>
                {': '}
                <bdi>{error}</bdi>
              </>
            )}
          </p>
        ),
      )
    }
    case 'notification': {
      const { type, event, user, isRead } = moment.notification
      return row(
        <>
          {m.ops_trace_notification()} <code>{event ?? type}</code>
        </>,
        <Badge>{isRead ? m.ops_trace_read() : m.ops_trace_unread()}</Badge>,
        user && (
          <p className="text-sm text-ink-2">
            <bdi>{user.name}</bdi>
          </p>
        ),
      )
    }
    default:
      return row(
        <>
          {jobTexts[moment.kind]()} <code>{moment.job.name}</code>
        </>,
        moment.kind === 'job-created' && (
          <Badge tone={moment.job.state === 'failed' ? 'danger' : 'neutral'}>{moment.job.state}</Badge>
        ),
        moment.kind === 'job-created' && <JobFacts job={moment.job} />,
      )
  }
}

const jobTexts = {
  'job-created': m.ops_trace_job_created,
  'job-published': m.ops_trace_job_published,
  'job-ended': m.ops_trace_job_ended,
}

function JobFacts({ job: { queue, reason, payload, isInOutbox } }: { job: RequestTrace['jobs'][number] }) {
  return (
    <div className="text-sm text-ink-2">
      <p>
        {m.ops_trace_in_queue({ queue })} {isInOutbox && m.ops_trace_in_outbox()}
      </p>
      {reason !== null && (
        <p className="break-words text-danger">
          <bdi>{reason}</bdi>
        </p>
      )}
      <details className="mt-1">
        <summary className="link w-fit cursor-pointer">{m.ops_trace_payload()}</summary>
        <pre dir="ltr" className="mt-1 max-h-64 overflow-auto rounded-md bg-raised p-3 whitespace-pre-wrap break-all">
          {JSON.stringify(payload, null, 2)}
        </pre>
      </details>
    </div>
  )
}
