import { useUser } from '../../lib/session.ts'
import { Page, type PageProps } from '../../ui/page.tsx'
import { OpsClosed } from './ops-closed.tsx'
import { mayOpenOps } from './rights.ts'
import { useRoleOfRefusals } from './use-role-of-refusals.ts'

/** A page for operators, which closes as soon as the user has lost the role. */
export function OpsPage(props: PageProps) {
  useRoleOfRefusals()
  return mayOpenOps(useUser().role) ? <Page {...props} /> : <OpsClosed />
}
