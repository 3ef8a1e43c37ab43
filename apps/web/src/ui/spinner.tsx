import { cx } from './cx.ts'

/** A turning ring for something that has no measurable progress. It is silent: the element that waits says so. */
export function Spinner({ className }: { className?: string | undefined }) {
  return (
    <span
      aria-hidden="true"
      className={cx(
        'inline-block size-5 shrink-0 rounded-full border-2 border-current border-e-transparent opacity-80',
        'animate-[spin_0.8s_linear_infinite] motion-reduce:animate-[spin_3s_linear_infinite]',
        className,
      )}
    />
  )
}
