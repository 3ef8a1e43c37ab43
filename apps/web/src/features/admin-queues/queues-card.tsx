import type { Queue } from '@muster/client'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { Card } from '../../ui/card.tsx'
import { Table } from '../../ui/table.tsx'
import { formatNumber } from '../analytics/numbers.ts'
import { nameOfQueue } from './queue-names.ts'

/** The queues, with how many jobs are in each state. */
export function QueuesCard({ queues }: { queues: readonly Queue[] }) {
  const numbers = {
    waiting: m.ops_queues_waiting,
    active: m.ops_queues_active,
    delayed: m.ops_queues_delayed,
    failed: m.ops_queues_failed,
    completed: m.ops_queues_completed,
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
            cell: ({ name, paused }) => (
              <span className="flex flex-wrap items-center gap-2">
                {nameOfQueue(name)}
                {paused && <Badge tone="warning">{m.ops_queues_paused()}</Badge>}
              </span>
            ),
          },
          ...Object.entries(numbers).map(([key, header]) => ({
            key,
            header: header(),
            isNumeric: true,
            cell: (queue: Queue) => formatNumber(queue[key as keyof typeof numbers]),
          })),
        ]}
      />
    </Card>
  )
}
