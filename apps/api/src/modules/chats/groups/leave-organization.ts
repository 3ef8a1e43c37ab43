import { endGroupMemberships } from '@muster/chat-changes'
import type { TransactContext } from '@muster/jobs/outbox'
import { moveChatFiles } from './group.queries.ts'

/**
 * Ends a user's memberships of the groups of other organizations than their new one, and moves the files that they uploaded to other chats to
 * the quota of the new one. The caller has locked the user's row, which new memberships wait for.
 * @param organizationId null for a user without one
 */
export async function leaveOrganization(
  tx: Pick<TransactContext, 'trx' | 'signal' | 'audit'>,
  {
    userId,
    organizationId,
    byId,
    now,
  }: { userId: string; organizationId: string | null; byId: string | null; now: Date },
): Promise<void> {
  await endGroupMemberships(tx, userId, { outside: organizationId, action: 'chat.member_left', actorId: byId, now })
  await moveChatFiles(tx.trx, userId, organizationId)
}
