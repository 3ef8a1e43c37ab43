import { createFileRoute, redirect } from '@tanstack/react-router'
import { AcceptInvitePage } from '../../features/invites/accept-invite-page.tsx'
import { invitationQuery } from '../../features/invites/invitation-query.ts'
import { authConfigQuery } from '../../features/sign-in/auth-config.ts'
import { mailedToken } from '../../features/sign-in/mailed-token.ts'
import { queryClient } from '../../lib/query.ts'
import { knownSession } from '../../lib/session.ts'
import { z } from '../../lib/zod.ts'

export const Route = createFileRoute('/_public/accept-invite')({
  validateSearch: z.object({ token: z.optional(z.unknown()) }),
  async beforeLoad({ search: { token } }) {
    if (token !== undefined) {
      mailedToken.set('accept-invite', token)
      throw redirect({ to: '/accept-invite', search: {}, replace: true })
    }
    const kept = mailedToken.get('accept-invite')
    void queryClient.prefetchQuery(authConfigQuery)
    if (kept !== null) void queryClient.prefetchQuery(invitationQuery(kept))
    await knownSession().catch(() => undefined)
  },
  component: AcceptInvitePage,
})
