import type { QueueStatus } from '@muster/client'
import { Link } from '@tanstack/react-router'
import { formatDuration } from '../../lib/durations.ts'
import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { Table } from '../../ui/table.tsx'

const shown = (value: number | null) => (value === null ? m.ui_chart_unknown() : formatNumber(value))

/** The queues, with how many jobs are in each state; each leads to its page. */
export function QueuesCard({ queues }: { queues: readonly QueueStatus[] }) {
  const numbers = {
    waiting: m.ops_queues_waiting,
    active: m.ops_queues_active,
    delayed: m.ops_queues_delayed,
    failed: m.ops_queues_failed,
    endedPerMinute: m.ops_queues_ended,
  }
  return (
    <Card title={m.ops_queues_queues()} isFlush>
      <Table
        caption={m.ops_queues_queues()}
        rows={queues}
        keyOf={({ name }) => name}
        columns={[
          {
            key: 'name',
            header: m.ops_queues_queue(),
            cell: ({ name, isPaused, failed }) => (
              <span className="flex flex-wrap items-center gap-2">
                <Link to="/ops/queues/$queue" params={{ queue: name }} className="link">
                  {name}
                </Link>
                {isPaused && <Badge tone="warning">{m.ops_queues_paused()}</Badge>}
                {failed > 0 && (
                  <Badge tone="danger">{m.ops_queues_failed_badge({ shown: formatNumber(failed) })}</Badge>
                )}
              </span>
            ),
          },
          ...Object.entries(numbers).map(([key, header]) => ({
            key,
            header: header(),
            isNumeric: true,
            cell: (queue: QueueStatus) => shown(queue[key as keyof typeof numbers]),
          })),
          {
            key: 'oldest',
            header: m.ops_queues_oldest(),
            isNumeric: true,
            className: 'whitespace-nowrap',
            cell: ({ oldestMs }) => (oldestMs > 0 ? formatDuration(oldestMs) : '–'),
          },
        ]}
      />
    </Card>
  )
}
