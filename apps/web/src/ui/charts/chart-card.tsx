import { ChartColumn, Table2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { m } from '../../paraglide/messages.js'
import { Card } from '../card.tsx'
import { RadioGroup } from '../radio-group.tsx'

export type ChartCardProps = {
  title: string
  description?: ReactNode
  chart: ReactNode
  /** The same figures as a table. */
  table: ReactNode
  className?: string | undefined
}

/** A chart with its title and a switch to the table of the same figures. */
export function ChartCard({ title, description, chart, table, className }: ChartCardProps) {
  const [view, setView] = useState<'chart' | 'table'>('chart')
  return (
    <Card
      title={title}
      description={description}
      className={className}
      actions={
        <RadioGroup
          look="segments"
          isLabelHidden
          label={m.ui_chart_view({ title })}
          value={view}
          onChange={setView}
          options={[
            { value: 'chart', label: m.ui_chart(), icon: <ChartColumn /> },
            { value: 'table', label: m.ui_chart_table(), icon: <Table2 /> },
          ]}
        />
      }
    >
      {view === 'chart' ? chart : <div className="-mx-5 max-h-96 overflow-y-auto sm:-mx-6">{table}</div>}
    </Card>
  )
}
