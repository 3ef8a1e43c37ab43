import { createFileRoute } from '@tanstack/react-router'
import { RegisterPage } from '../../../features/registration/register-page.tsx'
import { authConfigQuery } from '../../../features/sign-in/auth-config.ts'
import { leaveWhenSignedIn } from '../../../features/sign-in/leave-when-signed-in.ts'
import { queryClient } from '../../../lib/query.ts'

export const Route = createFileRoute('/_public/register/')({
  async beforeLoad() {
    void queryClient.prefetchQuery(authConfigQuery)
    await leaveWhenSignedIn(undefined)
  },
  component: RegisterPage,
})
