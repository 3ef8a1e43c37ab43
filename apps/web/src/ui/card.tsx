import type { ComponentProps, ReactNode } from 'react'
import { cx } from './cx.ts'

export type CardProps = Omit<ComponentProps<'section'>, 'title'> & {
  title?: ReactNode
  description?: ReactNode
  /** Stand at the end of the title's line. */
  actions?: ReactNode
  /** Without the inner margin, for lists and tables that reach the edge. */
  isFlush?: boolean | undefined
}

/** A raised area about one thing. */
export function Card({ title, description, actions, isFlush, className, children, ...props }: CardProps) {
  return (
    <section
      {...props}
      className={cx('rounded-xl border border-line bg-surface shadow-sm', !isFlush && 'p-5 sm:p-6', className)}
    >
      {(title !== undefined || actions !== undefined) && (
        <header
          className={cx('flex flex-wrap items-start justify-between gap-3', isFlush ? 'p-5 pb-3 sm:px-6' : 'mb-4')}
        >
          {/* The description wraps before the actions go below it. */}
          <div className="min-w-0 flex-1 basis-40">
            {title !== undefined && <h2 className="text-lg">{title}</h2>}
            {description !== undefined && <p className="mt-0.5 text-[0.9375rem] text-ink-3">{description}</p>}
          </div>
          {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  )
}
