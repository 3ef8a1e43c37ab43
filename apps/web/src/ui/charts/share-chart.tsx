import type { ReactNode } from 'react'
import { cx } from '../cx.ts'
import { type ChartColor, chartColors } from './series.tsx'

export type Share = {
  key: string
  name: ReactNode
  /** From 0 to 1. */
  share: number
  /** The number beside the bar. */
  text: string
}

/** Lying bars, each with its name and number, and as long as its share of the whole. */
export function ShareChart({ shares, color = 'first' }: { shares: readonly Share[]; color?: ChartColor }) {
  return (
    <ul className="flex flex-col gap-3.5">
      {shares.map(({ key, name, share, text }) => (
        <li key={key}>
          <div className="mb-1 flex items-baseline justify-between gap-4 text-[0.9375rem]">
            <bdi className="line-clamp-2 min-w-0 break-words">{name}</bdi>
            <span className="shrink-0 text-sm text-ink-2 tabular-nums">{text}</span>
          </div>
          <svg aria-hidden="true" className="block h-2.5 w-full rtl:-scale-x-100">
            <rect width="100%" height="100%" rx={4} className="fill-raised" />
            <rect
              width={`${share * 100}%`}
              height="100%"
              rx={4}
              className={cx(chartColors[color].fill, share === 0 && 'hidden')}
            />
          </svg>
        </li>
      ))}
    </ul>
  )
}
