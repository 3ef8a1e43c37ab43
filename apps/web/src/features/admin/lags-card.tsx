import type { InstallationStatus } from '@muster/client'
import { Link } from '@tanstack/react-router'
import { formatDuration } from '../../lib/durations.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { Card } from '../../ui/card.tsx'
import { cx } from '../../ui/cx.ts'
import { lateMs } from './attention.ts'

type Figure = {
  name: string
  value: string
  text?: string | undefined
  isBad?: boolean | undefined
  /** The mails that it counts. */
  mails?: 'sent' | 'queued' | 'failed'
}

/** What waits though no queue says so, and the mails of the last day. */
export function LagsCard({ status }: { status: InstallationStatus }) {
  const { mails, auditLagMs, reminders, health } = status
  const { outbox } = health.checks
  const unknown = m.ui_chart_unknown()
  const figures: Figure[] = [
    {
      name: m.ops_status_outbox(),
      value: outbox.status === 'down' ? unknown : formatNumber(outbox.pending),
      text: outbox.oldestMs > 0 ? m.ops_status_oldest({ time: formatDuration(outbox.oldestMs) }) : undefined,
      isBad: outbox.oldestMs > lateMs,
    },
    {
      name: m.ops_status_audit_lag(),
      value: auditLagMs === null ? unknown : formatDuration(auditLagMs),
      isBad: (auditLagMs ?? 0) > lateMs,
    },
    {
      name: m.ops_status_reminders(),
      value: reminders === null ? unknown : formatNumber(reminders.count),
      text:
        reminders && reminders.count > 0 ? m.ops_status_oldest({ time: formatDuration(reminders.lateMs) }) : undefined,
      isBad: (reminders?.lateMs ?? 0) > lateMs,
    },
    { name: m.ops_status_mails_sent(), value: mails === null ? unknown : formatNumber(mails.sent ?? 0), mails: 'sent' },
    {
      name: m.ops_status_mails_waiting(),
      mails: 'queued',
      value: mails === null ? unknown : formatNumber((mails.queued ?? 0) + (mails.sending ?? 0)),
    },
    {
      name: m.ops_status_mails_failed(),
      mails: 'failed',
      value: mails === null ? unknown : formatNumber(mails.failed ?? 0),
      isBad: (mails?.failed ?? 0) > 0,
    },
  ]
  return (
    <Card title={m.ops_status_lags()} description={m.ops_status_lags_text()}>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-5 sm:grid-cols-3">
        {figures.map(({ name, value, text, isBad, mails: status }) => (
          <div key={name}>
            <dt className="text-sm text-ink-3">
              {status ? (
                <Link to="/ops/mails" search={{ status }} className="link font-normal">
                  {name}
                </Link>
              ) : (
                name
              )}
            </dt>
            <dd className={cx('mt-0.5 text-xl font-semibold tabular-nums', isBad && 'text-danger')}>{value}</dd>
            {text !== undefined && <dd className="text-sm text-ink-3">{text}</dd>}
          </div>
        ))}
      </dl>
    </Card>
  )
}
