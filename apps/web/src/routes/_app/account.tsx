import { createFileRoute, Outlet } from '@tanstack/react-router'
import { AccountLayout } from '../../features/profile/account-layout.tsx'

export const Route = createFileRoute('/_app/account')({ component: Account })

function Account() {
  return (
    <AccountLayout>
      <Outlet />
    </AccountLayout>
  )
}
