import { cx } from '../../ui/cx.ts'

/** The sign of Muster: people who gather, seen from above. */
export function BrandMark({ className }: { className?: string | undefined }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={cx('shrink-0', className ?? 'size-8')}>
      <rect width="32" height="32" rx="9" className="fill-accent" />
      <g className="fill-accent-ink">
        <circle cx="8" cy="22" r="2.6" />
        <circle cx="9.6" cy="13.2" r="2.6" />
        <circle cx="16" cy="18.6" r="2.6" />
        <circle cx="22.4" cy="13.2" r="2.6" />
        <circle cx="24" cy="22" r="2.6" />
      </g>
      <path
        d="M8 22 9.6 13.2 16 18.6 22.4 13.2 24 22"
        fill="none"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
        className="stroke-accent-ink opacity-55"
      />
    </svg>
  )
}

/** The sign with the name. */
export const Brand = ({ className }: { className?: string | undefined }) => (
  <span className={cx('inline-flex items-center gap-2.5', className)}>
    <BrandMark />
    <span className="text-lg font-semibold tracking-tight">Muster</span>
  </span>
)
