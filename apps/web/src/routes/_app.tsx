import { QueryClientProvider } from '@tanstack/react-query'
import { createFileRoute, Outlet, redirect, useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { tellReminders } from '../features/notifications/tell-reminders.ts'
import { AppShell } from '../features/shell/app-shell.tsx'
import { loadFormats } from '../lib/formats.ts'
import { followChanges } from '../lib/live.ts'
import { queryClient } from '../lib/query.ts'
import { knownSession, useSession } from '../lib/session.ts'
import { ConfirmHost } from '../ui/confirm.tsx'
import { TooltipHost } from '../ui/tooltip.tsx'

export const Route = createFileRoute('/_app')({
  async beforeLoad({ location, cause }) {
    if (cause === 'enter') loadFormats()
    const { status } = await knownSession()
    const next = encodeURIComponent(location.href)
    if (status === 'set-up-required') throw redirect({ href: `/setup-factor?next=${next}` })
    if (status !== 'signed-in') throw redirect({ href: `/login?next=${next}` })
  },
  component: App,
})

function App() {
  const session = useSession()
  const navigate = useNavigate()
  useEffect(followChanges, [])
  useEffect(tellReminders, [])
  const { status } = session
  const isEnded = status === 'signed-out' && session.isEnded
  useEffect(() => {
    if (status === 'signed-in') return
    const next = encodeURIComponent(location.pathname + location.search)
    if (status === 'set-up-required') void navigate({ href: `/setup-factor?next=${next}` })
    // Who signs out starts anew; whose session ends comes back to the same place.
    else void navigate({ href: isEnded ? `/login?next=${next}` : '/login' })
  }, [status, isEnded, navigate])
  if (!('user' in session)) return null
  return (
    <QueryClientProvider client={queryClient}>
      <AppShell user={session.user}>
        <Outlet />
      </AppShell>
      <ConfirmHost />
      <TooltipHost />
    </QueryClientProvider>
  )
}
