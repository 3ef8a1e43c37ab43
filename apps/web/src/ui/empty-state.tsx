import type { ReactNode } from 'react'
import { cx } from './cx.ts'

export type EmptyStateProps = {
  icon: ReactNode
  title: string
  text?: ReactNode
  /** What to do next. */
  action?: ReactNode
  /** The heading is that of the whole page. */
  isPage?: boolean
  className?: string | undefined
}

/** Says that there is nothing yet, and what to do about it. */
export function EmptyState({ icon, title, text, action, isPage = false, className }: EmptyStateProps) {
  const Heading = isPage ? 'h1' : 'h2'
  return (
    <div className={cx('mx-auto flex max-w-md flex-col items-center px-6 py-14 text-center', className)}>
      <span
        aria-hidden="true"
        className="mb-5 grid size-16 place-items-center rounded-2xl bg-accent-soft text-accent [&_svg]:size-7 [&_svg]:stroke-[1.6]"
      >
        {icon}
      </span>
      <Heading className="text-xl">{title}</Heading>
      {text !== undefined && <p className="mt-2 text-ink-2">{text}</p>}
      {action !== undefined && <div className="mt-6 flex flex-wrap justify-center gap-2.5">{action}</div>}
    </div>
  )
}
