import { cx } from '../cx.ts'

export type Series = {
  key: string
  name: string
  color: ChartColor
}

/** The colours of figures, legible in both themes. They differ in lightness too, for who cannot tell their hues apart. */
export const chartColors = {
  first: { fill: 'fill-accent', swatch: 'bg-accent', token: '--color-accent' },
  second: { fill: 'fill-chart-2', swatch: 'bg-chart-2', token: '--color-chart-2' },
  danger: { fill: 'fill-danger', swatch: 'bg-danger', token: '--color-danger' },
  muted: { fill: 'fill-control', swatch: 'bg-control', token: '--color-control' },
} as const
export type ChartColor = keyof typeof chartColors

/** Tells which colour stands for what. */
export function ChartLegend({ series }: { series: readonly Series[] }) {
  return (
    <ul aria-hidden="true" className="mb-3 flex flex-wrap gap-x-5 gap-y-1 text-sm text-ink-2">
      {series.map(({ key, name, color }) => (
        <li key={key} className="flex items-center gap-2">
          <span className={cx('size-3 rounded-[3px]', chartColors[color].swatch)} />
          {name}
        </li>
      ))}
    </ul>
  )
}
