import { createFileRoute } from '@tanstack/react-router'
import { AuditPage } from '../../../features/audit/audit-page.tsx'
import { type AuditSearch, auditSearch } from '../../../features/audit/search.ts'
import { readByPage, usePageSearch } from '../../../lib/page-search.ts'
import { useUser } from '../../../lib/session.ts'

export const Route = createFileRoute('/_app/ops/audit')({
  validateSearch: readByPage<AuditSearch>,
  component: Audit,
})

function Audit() {
  const navigate = Route.useNavigate()
  return (
    <AuditPage
      search={usePageSearch(auditSearch, Route.useSearch())}
      user={useUser()}
      onSearch={(next) => void navigate({ search: next, resetScroll: false })}
    />
  )
}
