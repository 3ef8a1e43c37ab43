import { createFileRoute, redirect } from '@tanstack/react-router'
import { authConfig } from '../../features/sign-in/auth-config.ts'
import { word } from '../../features/sign-in/search.ts'
import { SetupFactorPage } from '../../features/two-factor/setup-factor-page.tsx'
import { knownSession } from '../../lib/session.ts'
import { maybe, z } from '../../lib/zod.ts'

export const Route = createFileRoute('/_public/setup-factor')({
  validateSearch: z.object({ next: word, method: maybe(z.enum(['otp', 'totp'])) }),
  async beforeLoad({ location }) {
    void authConfig.load()
    const session = await knownSession()
    if (!('user' in session)) throw redirect({ to: '/login', search: { next: location.href } })
  },
  component: SetupFactor,
})

function SetupFactor() {
  const { next, method } = Route.useSearch()
  return <SetupFactorPage next={next} method={method} />
}
