import { m } from '../../paraglide/messages.js'
import { cx } from '../../ui/cx.ts'

/** Says that the data of this installation is made up. */
export const DemoSign = ({ className }: { className?: string }) => (
  <span
    title={m.shell_demo_text()}
    className={cx('rounded-full bg-warning-soft px-2 text-xs leading-5 font-semibold text-warning', className)}
  >
    {m.shell_demo()}
  </span>
)
