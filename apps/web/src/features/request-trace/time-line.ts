import type { RequestTrace } from '@muster/client'

/** What happened because of a request, and when. */
export type TraceMoment = { at: string; key: string } & (
  | { kind: 'request' }
  | { kind: 'event'; event: RequestTrace['auditEvents'][number] }
  | { kind: 'mail-written' | 'mail-sent'; mail: RequestTrace['mails'][number] }
  | { kind: 'notification'; notification: RequestTrace['notifications'][number] }
  | { kind: 'job-created' | 'job-published' | 'job-ended'; job: RequestTrace['jobs'][number] }
)

/** Puts all that a request caused on one time line, the oldest first; the request itself comes before what happened at the same time. */
export function timeLineOf(trace: RequestTrace): TraceMoment[] {
  const moments: TraceMoment[] = [
    { kind: 'request', at: trace.requestedAt, key: 'request' },
    ...trace.auditEvents.map((event) => ({ kind: 'event' as const, at: event.createdAt, key: event.id, event })),
    ...trace.mails.flatMap((mail) => [
      { kind: 'mail-written' as const, at: mail.createdAt, key: `${mail.id} written`, mail },
      ...(mail.sentAt ? [{ kind: 'mail-sent' as const, at: mail.sentAt, key: `${mail.id} sent`, mail }] : []),
    ]),
    ...trace.notifications.map((notification) => ({
      ...{ kind: 'notification' as const, at: notification.createdAt, key: notification.id, notification },
    })),
    ...trace.jobs.flatMap((job) => [
      { kind: 'job-created' as const, at: job.createdAt, key: `${job.id} created`, job },
      ...(job.publishedAt
        ? [{ kind: 'job-published' as const, at: job.publishedAt, key: `${job.id} published`, job }]
        : []),
      ...(job.endedAt ? [{ kind: 'job-ended' as const, at: job.endedAt, key: `${job.id} ended`, job }] : []),
    ]),
  ]
  return moments.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))
}
