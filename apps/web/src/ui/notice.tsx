import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from './cx.ts'

export type NoticeTone = 'info' | 'success' | 'warning' | 'danger'

const tones = {
  info: { box: 'bg-accent-soft', ink: 'text-accent', Icon: Info },
  success: { box: 'bg-success-soft', ink: 'text-success', Icon: CircleCheck },
  warning: { box: 'bg-warning-soft', ink: 'text-warning', Icon: TriangleAlert },
  danger: { box: 'bg-danger-soft', ink: 'text-danger', Icon: CircleAlert },
}

export type NoticeProps = {
  tone?: NoticeTone | undefined
  title?: ReactNode
  children?: ReactNode
  action?: ReactNode
  /** Read out at once when it appears. */
  isAlert?: boolean | undefined
  className?: string | undefined
}

/** A sentence in the page about what happened or what to know. */
export function Notice({ tone = 'info', title, children, action, isAlert, className }: NoticeProps) {
  const { box, ink, Icon } = tones[tone]
  return (
    <div
      role={isAlert ? 'alert' : undefined}
      className={cx('flex gap-3 rounded-lg p-3.5 text-[0.9375rem]', box, className)}
    >
      <Icon aria-hidden="true" className={cx('mt-[0.15em] size-5 shrink-0', ink)} />
      <div className="min-w-0 flex-1">
        {title !== undefined && <p className={cx('font-semibold', ink)}>{title}</p>}
        {children !== undefined && <div className="text-ink">{children}</div>}
        {action !== undefined && <div className="mt-2.5 flex flex-wrap gap-2">{action}</div>}
      </div>
    </div>
  )
}
