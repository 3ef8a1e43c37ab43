import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { Actor } from '../../../http/actor.ts'
import { type LockedChat, type LockedMember, lockChatAs } from '../chat-lock.ts'

/**
 * Locks a group and reads the membership of the actor.
 * @throws DomainError NOT_FOUND for somebody who is no member, CONFLICT for a direct chat
 */
export async function lockGroupAs(
  trx: Trx,
  { userId }: Actor,
  chatId: string,
): Promise<{ chat: LockedChat; member: LockedMember }> {
  const locked = await lockChatAs(trx, chatId, userId)
  if (locked.chat.kind === 'group') return locked
  throw new DomainError('CONFLICT', {
    message:
      'This is a direct chat of two users. Only groups have a name, a picture, roles and members who come and go. Archive the chat to put it aside.',
  })
}

/** Locks a group for one of its admins, see {@link lockGroupAs}. @throws DomainError FORBIDDEN for other members */
export async function lockGroupAsAdmin(trx: Trx, actor: Actor, chatId: string): Promise<LockedChat> {
  const { chat, member } = await lockGroupAs(trx, actor, chatId)
  if (member.role !== 'admin')
    throw new DomainError('FORBIDDEN', { message: 'Only an admin of this group can do this.' })
  return chat
}
