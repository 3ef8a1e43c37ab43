import { cx } from './cx.ts'

/** The place of something that is loading: give it the size of what comes. */
export function Skeleton({ className }: { className?: string | undefined }) {
  return (
    <span
      data-skeleton
      aria-hidden="true"
      className={cx('block rounded-md bg-raised motion-safe:animate-pulse', className ?? 'h-5')}
    />
  )
}

/** Lines of text that are loading; the last one is shorter. */
export function SkeletonText({ lines = 3, className }: { lines?: number; className?: string | undefined }) {
  return (
    <span aria-hidden="true" className={cx('flex flex-col gap-2.5', className)}>
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} className={cx('h-4', lines > 1 && index === lines - 1 && 'w-3/5')} />
      ))}
    </span>
  )
}
