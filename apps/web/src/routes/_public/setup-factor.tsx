import { createFileRoute, redirect } from '@tanstack/react-router'
import { authConfigQuery } from '../../features/sign-in/auth-config.ts'
import { word } from '../../features/sign-in/search.ts'
import { SetupFactorPage } from '../../features/two-factor/setup-factor-page.tsx'
import { queryClient } from '../../lib/query.ts'
import { knownSession } from '../../lib/session.ts'
import { maybe, z } from '../../lib/zod.ts'

export const Route = createFileRoute('/_public/setup-factor')({
  validateSearch: z.object({ next: word, method: maybe(z.enum(['otp', 'totp'])) }),
  async beforeLoad({ location }) {
    void queryClient.prefetchQuery(authConfigQuery)
    const session = await knownSession()
    if (!('user' in session)) throw redirect({ to: '/login', search: { next: location.href } })
  },
  component: SetupFactor,
})

function SetupFactor() {
  const { next, method } = Route.useSearch()
  return <SetupFactorPage next={next} method={method} />
}
