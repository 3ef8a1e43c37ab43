import { createFileRoute, redirect } from '@tanstack/react-router'
import { AcceptInvitePage } from '../../features/invites/accept-invite-page.tsx'
import { invitationOf } from '../../features/invites/invitation.ts'
import { authConfig } from '../../features/sign-in/auth-config.ts'
import { mailedToken } from '../../features/sign-in/mailed-token.ts'
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
    void authConfig.load()
    if (kept !== null) void invitationOf(kept).load()
    await knownSession().catch(() => undefined)
  },
  component: AcceptInvitePage,
})
