import { m } from '../../paraglide/messages.js'
import { cx } from '../../ui/cx.ts'
import { useAuthConfig } from '../sign-in/auth-config.ts'

/** Says that the data of this installation is made up, where it is. */
export function DemoSign({ className }: { className?: string }) {
  const { data: config } = useAuthConfig()
  if (!config?.isDemo) return null
  return (
    <span
      title={m.shell_demo_text()}
      className={cx('rounded-full bg-warning-soft px-2 text-xs leading-5 font-semibold text-warning', className)}
    >
      {m.shell_demo()}
    </span>
  )
}
