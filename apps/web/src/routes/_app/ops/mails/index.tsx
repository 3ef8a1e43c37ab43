import { createFileRoute } from '@tanstack/react-router'
import { MailsPage } from '../../../../features/admin-emails/mails-page.tsx'
import { type MailsSearch, mailsSearch } from '../../../../features/admin-emails/search.ts'
import { readByPage, usePageSearch } from '../../../../lib/page-search.ts'
import { useUser } from '../../../../lib/session.ts'

export const Route = createFileRoute('/_app/ops/mails/')({
  validateSearch: readByPage<MailsSearch>,
  component: Mails,
})

function Mails() {
  const navigate = Route.useNavigate()
  return (
    <MailsPage
      search={usePageSearch(mailsSearch, Route.useSearch())}
      user={useUser()}
      onSearch={(next) => void navigate({ search: next, resetScroll: false })}
    />
  )
}
