import { useUser } from '../../lib/session.ts'
import { Page, type PageProps } from '../../ui/page.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import { OpsClosed } from './ops-closed.tsx'
import { mayOpenOps } from './rights.ts'
import { useRoleOfRefusals } from './use-role-of-refusals.ts'

type OpsPageProps = PageProps & {
  /** Shows no content yet. For content of several reads, each of which would move what is below it. */
  isLoading?: boolean
}

/** A page for operators, which closes as soon as the user has lost the role. */
export function OpsPage({ isLoading, children, ...page }: OpsPageProps) {
  useRoleOfRefusals()
  if (!mayOpenOps(useUser().role)) return <OpsClosed />
  return <Page {...page}>{isLoading ? <Skeleton className="h-96 rounded-xl" /> : children}</Page>
}
