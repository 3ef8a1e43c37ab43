import type { RunningProcess } from '@muster/client'
import { compareCodes } from '../../lib/compare.ts'
import { formatInstant, formatRelative } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { Table } from '../../ui/table.tsx'

type Props = { processes: readonly RunningProcess[]; timeZone: string; now: string }

/** The processes that announced themselves within a day, with their releases and when they were last heard of. */
export function ProcessesCard({ processes, timeZone, now }: Props) {
  const sorted = processes.toSorted((one, other) => compareCodes(one.name, other.name) || one.pid - other.pid)
  const hasVersions = new Set(sorted.filter(({ isSilent }) => !isSilent).map(({ version }) => version)).size > 1
  const isAnySilent = sorted.some((one) => one.isSilent && !one.isReplaced)
  return (
    <Card
      isFlush
      id="processes"
      className="scroll-mt-20"
      title={m.ops_status_processes()}
      description={
        [hasVersions && m.ops_status_mixed_versions(), isAnySilent && m.ops_status_silent_text()]
          .filter(Boolean)
          .join(' ') || undefined
      }
    >
      {sorted.length === 0 ? (
        <p className="px-5 pb-6 text-ink-2 sm:px-6">{m.ops_status_no_processes()}</p>
      ) : (
        <Table
          caption={m.ops_status_processes()}
          rows={sorted}
          keyOf={({ name, host, pid, startedAt }) => `${name} ${host} ${pid} ${startedAt}`}
          columns={[
            {
              key: 'name',
              header: m.ops_status_process(),
              cell: ({ name, host, pid }) => (
                <span dir="ltr">
                  {name}
                  <span className="block text-sm font-normal text-ink-3">
                    {host} · {pid}
                  </span>
                </span>
              ),
            },
            {
              key: 'state',
              header: m.ops_status_state(),
              cell: ({ isSilent, isReplaced }) => (
                <Badge tone={isReplaced ? 'neutral' : isSilent ? 'danger' : 'success'}>
                  {isReplaced ? m.ops_status_replaced() : isSilent ? m.ops_status_silent() : m.ops_status_runs()}
                </Badge>
              ),
            },
            { key: 'version', header: m.ops_status_release(), cell: ({ version }) => <bdi>{version}</bdi> },
            {
              key: 'started',
              header: m.ops_status_started(),
              className: 'whitespace-nowrap',
              cell: ({ startedAt }) => formatInstant(startedAt, { timeZone, dateStyle: 'medium', timeStyle: 'short' }),
            },
            {
              key: 'seen',
              header: m.ops_status_seen(),
              className: 'whitespace-nowrap',
              cell: ({ seenAt }) => formatRelative(seenAt, new Date(now)),
            },
          ]}
        />
      )}
    </Card>
  )
}
