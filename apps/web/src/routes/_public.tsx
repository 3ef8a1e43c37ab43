import { createFileRoute, Outlet } from '@tanstack/react-router'
import { ErrorPage, NotFoundPage } from '../features/shell/error-pages.tsx'
import { PublicShell } from '../features/shell/public-shell.tsx'

export const Route = createFileRoute('/_public')({
  component: Public,
  errorComponent: ErrorPage,
  notFoundComponent: NotFoundPage,
})

function Public() {
  return (
    <PublicShell>
      <Outlet />
    </PublicShell>
  )
}
