import type { ReactNode } from 'react'
import { formatNumber, formatPercent } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { ChartCard } from '../../ui/charts/chart-card.tsx'
import { ShareChart } from '../../ui/charts/share-chart.tsx'
import { Table } from '../../ui/table.tsx'

export type Part = { key: string; name: ReactNode; count: number; share: number }

export type Shares = {
  /** The name of what the tasks are told apart by. */
  header: string
  parts: readonly Part[]
  /** The parts of the chart, when it shows fewer than the table. */
  chartParts?: readonly Part[]
}

/** How many tasks are in each of some parts, in one or more groups. */
export function SharesCard(props: { title: string; description: string; groups: readonly Shares[] }) {
  const { title, description, groups } = props
  return (
    <ChartCard
      title={title}
      description={description}
      chart={
        <div className="flex flex-col gap-6">
          {groups.map(({ header, parts, chartParts = parts }) => (
            <div key={header}>
              {groups.length > 1 && <h3 className="mb-2.5 text-sm text-ink-3">{header}</h3>}
              <ShareChart
                shares={chartParts.map(({ key, name, count, share }) => ({
                  key,
                  name,
                  share,
                  text: m.analytics_count_share({ count: formatNumber(count), percent: formatPercent(share) }),
                }))}
              />
            </div>
          ))}
        </div>
      }
      table={groups.map(({ header, parts }) => (
        <Table
          key={header}
          caption={header}
          rows={parts}
          keyOf={({ key }) => key}
          columns={[
            { key: 'name', header, cell: ({ name }) => <bdi className="break-words">{name}</bdi> },
            {
              key: 'count',
              header: m.analytics_tasks(),
              isNumeric: true,
              cell: ({ count }) => formatNumber(count),
            },
            {
              key: 'share',
              header: m.analytics_percent(),
              isNumeric: true,
              cell: ({ share }) => formatPercent(share),
            },
          ]}
        />
      ))}
    />
  )
}
