import { createFileRoute, redirect } from '@tanstack/react-router'
import { ResetPasswordPage } from '../../features/passwords/reset-password-page.tsx'
import { authConfig } from '../../features/sign-in/auth-config.ts'
import { mailedToken } from '../../features/sign-in/mailed-token.ts'
import { z } from '../../lib/zod.ts'

export const Route = createFileRoute('/_public/reset-password')({
  validateSearch: z.object({ token: z.optional(z.unknown()) }),
  beforeLoad({ search: { token } }) {
    if (token !== undefined) {
      mailedToken.set('reset-password', token)
      throw redirect({ to: '/reset-password', search: {}, replace: true })
    }
    void authConfig.load()
  },
  component: ResetPasswordPage,
})
