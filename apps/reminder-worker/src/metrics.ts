import { Histogram, registry } from '@muster/telemetry'

const latenessSeconds = new Histogram({
  name: 'muster_reminder_lateness_seconds',
  help: 'Time from when a reminder, a notice about a due task or a morning digest was scheduled until it was created as notification and mail.',
  labelNames: ['kind'],
  buckets: [1, 2, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400],
  registers: [registry],
})

/** Observes how late something was delivered. To be called after the commit: a repeated run would count twice. */
export function observeLateness(
  kind: 'reminder' | 'upcoming' | 'overdue' | 'digest',
  scheduledAt: Date,
  now: Date,
): void {
  latenessSeconds.observe({ kind }, Math.max(0, now.getTime() - scheduledAt.getTime()) / 1_000)
}
