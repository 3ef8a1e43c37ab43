import { createRootRoute, Outlet } from '@tanstack/react-router'
import { ErrorPage, NotFoundPage } from '../features/shell/error-pages.tsx'
import { ConfirmHost } from '../ui/confirm.tsx'
import { Toaster } from '../ui/toast.tsx'
import { TooltipHost } from '../ui/tooltip.tsx'

export const Route = createRootRoute({
  component: Root,
  errorComponent: ErrorPage,
  notFoundComponent: NotFoundPage,
})

function Root() {
  return (
    <>
      <Outlet />
      <ConfirmHost />
      <Toaster />
      <TooltipHost />
    </>
  )
}
