import type { TransactContext } from '@muster/jobs/outbox'
import type { Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import type { NewUser } from '../organizations/create-user.ts'

/** An open invitation: the invited address, and the mail whose link was followed. */
export type OpenInvitation = { email: string; email_id: string }

/**
 * The steps by which a sign-in accepts an invitation. The module `invites`, which sign-in does not know, provides them;
 * `app.ts` passes them in.
 */
export type InvitationSteps = {
  /** Reads the open invitation of this token, without using it. @throws DomainError INVITE_INVALID */
  read(token: string): Promise<OpenInvitation>
  /**
   * Accepts the invitation of this mail for a newcomer: creates their account in its role and organization.
   * @throws DomainError INVITE_INVALID, and the unique violations of a user
   */
  acceptAsNewcomer(tx: TransactContext, emailId: string, newcomer: NewUser, origin: Origin): Promise<UserRow>
  /**
   * Accepts the invitation of this mail in the last step of a sign-in. Has no effect when the first step has accepted it
   * already, by creating the account.
   * @param user the row, locked in this transaction
   * @returns the row afterwards
   * @throws DomainError INVITE_INVALID, ALREADY_EXISTS, ROLE_NOT_ALLOWED, LAST_ADMIN
   */
  acceptAtSignIn(tx: TransactContext, emailId: string, user: UserRow, origin: Origin): Promise<UserRow>
}
