import { useInSteps } from '../../lib/in-steps.ts'
import { useUser } from '../../lib/session.ts'
import { m } from '../../paraglide/messages.js'
import { Page, type PageProps } from '../../ui/page.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { OpsClosed } from './ops-closed.tsx'
import { mayOpenOps } from './rights.ts'
import { useRoleOfRefusals } from './use-role-of-refusals.ts'

type OpsPageProps = PageProps & {
  /**
   * Shows no content yet, and not what is below it, which the content would move. Where the title comes with the content, it would move this place: give
   * the page that loads a key of its own, and show its content by `useInSteps`.
   */
  isLoading?: boolean
}

/** A page for operators. It names the zone of its times, and closes as soon as the user has lost the role. */
export function OpsPage({ isLoading = false, children, ...page }: OpsPageProps) {
  useRoleOfRefusals()
  const isShown = useInSteps(!isLoading)
  const { role, timezone: timeZone } = useUser()
  if (!mayOpenOps(role)) return <OpsClosed />
  return (
    <Page {...page}>
      {isShown ? (
        <>
          {children}
          <p className="mt-8 text-sm text-ink-3">{m.ops_shell_times({ timeZone })}</p>
        </>
      ) : (
        <div role="status" aria-label={m.ui_loading()}>
          <Skeleton className="h-96 rounded-xl" />
        </div>
      )}
    </Page>
  )
}
