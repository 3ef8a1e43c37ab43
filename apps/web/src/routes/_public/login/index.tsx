import { createFileRoute, redirect } from '@tanstack/react-router'
import { authConfig } from '../../../features/sign-in/auth-config.ts'
import { challengeOfFragment, currentChallenge } from '../../../features/sign-in/challenge.ts'
import { leaveWhenSignedIn } from '../../../features/sign-in/leave-when-signed-in.ts'
import { LoginForm } from '../../../features/sign-in/login-form.tsx'
import { word } from '../../../features/sign-in/search.ts'
import { z } from '../../../lib/zod.ts'

export const Route = createFileRoute('/_public/login/')({
  validateSearch: z.object({ next: word, error: word }),
  async beforeLoad({ search, location }) {
    void authConfig.load()
    const challenge = challengeOfFragment(location.hash, search.next)
    if (challenge) {
      currentChallenge.set(challenge)
      // The token leaves the address with this entry of the history.
      throw redirect({ to: '/login/code', replace: true })
    }
    if (search.error === undefined) await leaveWhenSignedIn(search.next)
  },
  component: Login,
})

function Login() {
  const { next, error } = Route.useSearch()
  return <LoginForm next={next} error={error} />
}
