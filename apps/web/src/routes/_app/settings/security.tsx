import { createFileRoute, redirect } from '@tanstack/react-router'

// Mails of earlier releases link here.
export const Route = createFileRoute('/_app/settings/security')({
  beforeLoad() {
    throw redirect({ to: '/account/security', replace: true })
  },
})
