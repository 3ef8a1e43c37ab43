import { createFileRoute } from '@tanstack/react-router'
import { MailsPage } from '../../../../features/admin-emails/mails-page.tsx'
import { type MailsSearch, mailsSearch } from '../../../../features/admin-emails/search.ts'
import { useUser } from '../../../../lib/session.ts'

export const Route = createFileRoute('/_app/ops/mails/')({
  validateSearch: (given): MailsSearch => mailsSearch.parse(given),
  component: Mails,
})

function Mails() {
  const navigate = Route.useNavigate()
  return (
    <MailsPage
      search={Route.useSearch()}
      user={useUser()}
      onSearch={(next) => void navigate({ search: next, resetScroll: false })}
    />
  )
}
