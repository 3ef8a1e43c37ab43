import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import UPlot from 'uplot'
import { formatInstant, formatTime } from '../../lib/dates.ts'
import { cx } from '../cx.ts'
import { ChartTooltip } from './chart-tooltip.tsx'
import { chartColors } from './series.tsx'
import { plotHeightPx, type TimePlotProps, type TimeSeries } from './time-plot-props.ts'
import { useWidth } from './use-width.ts'

type Shown = { index: number; xPx: number; yPx: number }

/** Tells when the colours of the page are others. */
function useThemeCount(): number {
  const [count, setCount] = useState(0)
  useEffect(() => {
    const observer = new MutationObserver(() => setCount((before) => before + 1))
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => observer.disconnect()
  }, [])
  return count
}

const axisFont = '12px ui-sans-serif, system-ui, sans-serif'
const secondMs = 1_000
const oneDayMs = 86_400_000

/** The settings of uPlot for the present size, colours and span. */
function optionsOf(props: TimePlotProps, widthPx: number, onCursor: (plot: UPlot) => void): UPlot.Options {
  const { fromMs, toMs, series, timeZone, formatValue, formatTick = formatValue, leastTop = 1 } = props
  const style = getComputedStyle(document.documentElement)
  const color = (token: string) => style.getPropertyValue(token).trim()
  const axis = {
    font: axisFont,
    stroke: color('--color-ink-3'),
    grid: { stroke: color('--color-line'), width: 1 },
    ticks: { show: false },
  }
  const isLong = toMs - fromMs > 2 * oneDayMs
  const timeText = (second: number) => {
    const instant = new Date(second * secondMs)
    const isDay =
      isLong || formatInstant(instant, { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }) === '00:00'
    return isDay ? formatInstant(instant, { timeZone, day: 'numeric', month: 'short' }) : formatTime(instant, timeZone)
  }
  const drawn = ({ color: name, kind = 'line' }: TimeSeries): UPlot.Series => {
    const stroke = color(chartColors[name].token)
    const fill =
      kind === 'line' ? undefined : `color-mix(in oklch, ${stroke} ${kind === 'bars' ? 75 : 14}%, transparent)`
    return {
      stroke,
      ...(fill && { fill }),
      width: kind === 'bars' ? 0 : 2,
      points: { show: false },
      spanGaps: false,
      ...(kind === 'bars' && UPlot.paths.bars && { paths: UPlot.paths.bars({ size: [0.8, 24] }) }),
    }
  }
  return {
    width: widthPx,
    height: plotHeightPx,
    // A label of the time at the end of the axis reaches beyond it by half its width.
    padding: [8, 28, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { size: 8 } },
    scales: {
      x: { time: true, range: () => [fromMs / secondMs, toMs / secondMs] },
      y: { range: (_plot, _min, max) => [0, Math.max(leastTop, (max ?? 0) * 1.08)] },
    },
    tzDate: (second) => UPlot.tzDate(new Date(second * secondMs), timeZone),
    axes: [
      { ...axis, size: 30, space: 70, values: (_plot, splits) => splits.map(timeText) },
      {
        ...axis,
        size: 56,
        gap: 6,
        incrs: [
          1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 1e8,
        ],
        values: (_plot, splits) => splits.map(formatTick),
      },
    ],
    series: [{}, ...series.map(drawn)],
    hooks: { setCursor: [onCursor] },
  }
}

/** The drawing of a chart over time. Pointer and arrow keys show the values of a moment. */
export function TimePlot(props: TimePlotProps) {
  const { label, times, series, formatValue, formatMoment } = props
  const outer = useRef<HTMLDivElement>(null)
  const place = useRef<HTMLDivElement>(null)
  const plotRef = useRef<UPlot | null>(null)
  const widthPx = useWidth(outer)
  const themeCount = useThemeCount()
  const [shown, setShown] = useState<Shown>()

  const data = [times.map((time) => time / secondMs), ...series.map(({ values }) => values)] as UPlot.AlignedData
  const span = `${props.fromMs} ${props.toMs} ${props.timeZone} ${series.map(({ key, kind }) => key + kind).join()}`
  useEffect(() => {
    if (widthPx === 0 || !place.current) return
    const onCursor = (plot: UPlot) => {
      const { idx, left = -1 } = plot.cursor
      if (idx == null || left < 0) return setShown(undefined)
      const values = plot.data.slice(1).map((column) => column[idx] ?? 0)
      const { offsetLeft, offsetTop } = plot.over
      setShown({
        index: idx,
        xPx: offsetLeft + plot.valToPos(plot.data[0][idx] as number, 'x'),
        yPx: offsetTop + plot.valToPos(Math.max(0, ...values), 'y'),
      })
    }
    const plot = new UPlot(optionsOf(props, widthPx, onCursor), data, place.current)
    plotRef.current = plot
    return () => {
      plotRef.current = null
      plot.destroy()
    }
    // What else the options contain belongs to the span.
  }, [widthPx, themeCount, span])
  useEffect(() => plotRef.current?.setData(data))

  const onKeyDown = (event: KeyboardEvent) => {
    const plot = plotRef.current
    if (!plot || times.length === 0) return
    if (event.key === 'Escape') return plot.setCursor({ left: -10, top: -10 })
    const at = shown?.index ?? times.length
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: times.length - 1 }[event.key]
    if (next === undefined) return
    event.preventDefault()
    const index = Math.min(Math.max(next, 0), times.length - 1)
    plot.setCursor({ left: plot.valToPos(plot.data[0][index] as number, 'x'), top: 0 })
  }
  const moment = shown === undefined ? undefined : times[shown.index]
  const values = series.map(({ values }) => (shown ? (values[shown.index] ?? null) : null))
  const textOf = (value: number | null) => (value === null ? '–' : formatValue(value))
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing is no fieldset
    <div
      ref={outer}
      dir="ltr"
      role="group"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move through the moments
      tabIndex={0}
      onKeyDown={onKeyDown}
      onBlur={() => plotRef.current?.setCursor({ left: -10, top: -10 })}
      className="relative rounded-md"
      style={{ height: plotHeightPx }}
    >
      <div ref={place} aria-hidden="true" />
      {shown && moment !== undefined && (
        <ChartTooltip xPx={shown.xPx} yPx={shown.yPx} chartWidthPx={widthPx} lines={series.length + 1}>
          <p className="font-medium">{formatMoment(moment)}</p>
          {series.map(({ key, name, color }, index) => (
            <p key={key} className="flex items-center gap-2">
              <span className={cx('size-2.5 rounded-[2px] ring-1 ring-canvas/60', chartColors[color].swatch)} />
              <span className="flex-1">{name}</span>
              <span className="font-medium tabular-nums">{textOf(values[index] ?? null)}</span>
            </p>
          ))}
        </ChartTooltip>
      )}
      <p role="status" className="sr-only">
        {moment !== undefined &&
          `${formatMoment(moment)}: ${series.map(({ name }, index) => `${name}: ${textOf(values[index] ?? null)}`).join(', ')}`}
      </p>
    </div>
  )
}
