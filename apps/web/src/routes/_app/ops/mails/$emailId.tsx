import { createFileRoute } from '@tanstack/react-router'
import { MailPage } from '../../../../features/admin-emails/mail-page.tsx'
import { useUser } from '../../../../lib/session.ts'

export const Route = createFileRoute('/_app/ops/mails/$emailId')({ component: Mail })

function Mail() {
  const { emailId } = Route.useParams()
  return <MailPage emailId={emailId} user={useUser()} />
}
