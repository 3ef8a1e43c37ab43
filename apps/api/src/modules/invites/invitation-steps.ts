import type { Deps } from '../../deps.ts'
import type { InvitationSteps } from '../sign-in/invitation-steps.ts'
import { acceptAsNewcomer, acceptAtSignIn, readInvitation } from './accept-invitation.ts'

/** Provides the steps by which a sign-in accepts an invitation. */
export const createInvitationSteps = (deps: Pick<Deps, 'cache' | 'clock' | 'config' | 'db'>): InvitationSteps => ({
  read: (token) => readInvitation(deps, token),
  acceptAsNewcomer: (tx, emailId, newcomer, origin) => acceptAsNewcomer(deps, tx, emailId, newcomer, origin),
  acceptAtSignIn: (tx, emailId, user, origin) => acceptAtSignIn(deps, tx, emailId, user, origin),
})
