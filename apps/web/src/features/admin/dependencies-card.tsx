import type { Health } from '@muster/client'
import { formatDuration } from '../../lib/durations.ts'
import { m } from '../../paraglide/messages.js'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'

type Entry = { name: string; tone: Tone; state: string; text?: string | undefined }

/** The dependencies of the API that answers, each with its state in words. */
export function DependenciesCard({ health }: { health: Health }) {
  const { postgres, redis, files, outbox, clock, replica } = health.checks
  const checked = (name: string, check: { status: string; latencyMs: number; reason?: string | undefined }): Entry => {
    if (check.status === 'up')
      return { name, tone: 'success', state: m.ops_status_up(), text: formatDuration(check.latencyMs) }
    const isDown = check.status === 'down'
    return {
      ...{ name, tone: isDown ? 'danger' : 'warning', state: isDown ? m.ops_status_down() : m.ops_status_behind() },
      text: check.reason,
    }
  }
  const entries: Entry[] = [
    checked('Postgres', postgres),
    checked('Redis', redis),
    checked(m.ops_status_files(), files),
    checked(m.ops_status_outbox(), outbox),
    ...(replica ? [checked(m.ops_status_replica(), replica)] : []),
    clock.status === 'up'
      ? { name: m.ops_status_clock(), tone: 'success', state: m.ops_status_clock_right() }
      : clock.status === 'off'
        ? {
            ...{ name: m.ops_status_clock(), tone: 'danger' as const, state: m.ops_status_clock_off() },
            text: formatDuration(Math.abs(clock.offsetMs)),
          }
        : { name: m.ops_status_clock(), tone: 'neutral', state: m.ui_chart_unknown() },
  ]
  return (
    <Card title={m.ops_status_dependencies()}>
      <ul className="grid gap-x-6 gap-y-4 sm:grid-cols-2 lg:grid-cols-3">
        {entries.map(({ name, tone, state, text }) => (
          <li key={name} className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
            <span className="font-medium">{name}</span>
            <Badge tone={tone}>{state}</Badge>
            {text !== undefined && <span className="text-sm text-ink-3 tabular-nums">{text}</span>}
          </li>
        ))}
      </ul>
    </Card>
  )
}
