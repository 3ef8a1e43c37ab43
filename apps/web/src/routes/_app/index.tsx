import { createFileRoute } from '@tanstack/react-router'
import { m } from '../../paraglide/messages.js'
import { Page } from '../../ui/page.tsx'

export const Route = createFileRoute('/_app/')({ component: Today })

function Today() {
  return <Page title={m.shell_today()}>{null}</Page>
}
