import { createFileRoute } from '@tanstack/react-router'
import { RegisterPage } from '../../../features/registration/register-page.tsx'
import { authConfig } from '../../../features/sign-in/auth-config.ts'
import { leaveWhenSignedIn } from '../../../features/sign-in/leave-when-signed-in.ts'

export const Route = createFileRoute('/_public/register/')({
  async beforeLoad() {
    void authConfig.load()
    await leaveWhenSignedIn(undefined)
  },
  component: RegisterPage,
})
