import { formatNumber } from '../../lib/numbers.ts'
import { m } from '../../paraglide/messages.js'
import { BarChart } from '../../ui/charts/bar-chart.tsx'
import { ChartCard } from '../../ui/charts/chart-card.tsx'
import { Table } from '../../ui/table.tsx'

type Completions = { completedTasks: number; completedReminders: number }
export type Period = Completions & { key: string; label: string; name: string }

type Props = {
  title: string
  caption: string
  /** The name of the column of periods. */
  header: string
  periods: readonly Period[]
}

/** Completed tasks and reminders of some days or weeks, the last one being the current one. */
export function CompletionsCard({ title, caption, header, periods }: Props) {
  return (
    <ChartCard
      title={title}
      chart={
        <BarChart
          label={caption}
          series={[
            { key: 'tasks', name: m.analytics_tasks(), color: 'first' },
            { key: 'reminders', name: m.analytics_reminders(), color: 'second' },
          ]}
          groups={periods.map(({ completedTasks, completedReminders, ...group }) => ({
            ...group,
            values: [completedTasks, completedReminders],
          }))}
          formatNumber={formatNumber}
        />
      }
      table={<CompletionsTable caption={caption} header={header} periods={periods} />}
    />
  )
}

/** The numbers of completions of each period. */
export function CompletionsTable({ caption, header, periods }: Omit<Props, 'title'>) {
  return (
    <Table
      caption={caption}
      rows={periods}
      keyOf={({ key }) => key}
      columns={[
        { key: 'period', header, cell: ({ name }) => name },
        {
          key: 'tasks',
          header: m.analytics_tasks(),
          isNumeric: true,
          cell: ({ completedTasks }) => formatNumber(completedTasks),
        },
        {
          key: 'reminders',
          header: m.analytics_reminders(),
          isNumeric: true,
          cell: ({ completedReminders }) => formatNumber(completedReminders),
        },
      ]}
    />
  )
}
