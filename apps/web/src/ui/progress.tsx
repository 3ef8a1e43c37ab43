import { cx } from './cx.ts'

export type ProgressProps = {
  label: string
  /** The share that is done, from 0 to 1; null when it is not known. */
  value: number | null
  isLabelShown?: boolean | undefined
  tone?: 'accent' | 'success' | 'warning' | 'danger' | undefined
}

const tones = { accent: 'bg-accent', success: 'bg-success', warning: 'bg-warning', danger: 'bg-danger' }

/** A bar for how far something is. */
export function Progress({ label, value, isLabelShown, tone = 'accent' }: ProgressProps) {
  const percent = value === null ? undefined : Math.round(Math.min(1, Math.max(0, value)) * 100)
  return (
    <div className="w-full">
      {isLabelShown && (
        <div className="mb-1 flex justify-between gap-3 text-sm text-ink-2" aria-hidden="true">
          <span>{label}</span>
          {percent !== undefined && <span className="tabular-nums">{percent} %</span>}
        </div>
      )}
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        className="h-1.5 overflow-hidden rounded-full bg-raised"
      >
        <div
          className={cx(
            'h-full rounded-full motion-safe:transition-[width]',
            tones[tone],
            percent === undefined && 'w-1/3 motion-safe:animate-pulse',
          )}
          style={percent === undefined ? undefined : { width: `${percent}%` }}
        />
      </div>
    </div>
  )
}
