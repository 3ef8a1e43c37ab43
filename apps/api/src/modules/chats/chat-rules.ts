import { DomainError, detailOf } from '@muster/errors'
import type { LockedMember } from './chat-lock.ts'

/** @throws DomainError FORBIDDEN in a direct chat that has become read-only */
export function assertWritable({ isWritable }: Pick<LockedMember, 'isWritable'>): void {
  if (isWritable) return
  throw new DomainError('FORBIDDEN', {
    message:
      'You can only read this chat: the two of you are neither friends nor in one organization, one has blocked the other, or the account is not active.',
  })
}

/** @throws DomainError VALIDATION_FAILED with the mentioned users who are no members */
export function assertMembers(strangers: readonly string[]): void {
  if (strangers.length === 0) return
  const message = `names users who are not in this chat: ${strangers.join(', ')}`
  throw new DomainError('VALIDATION_FAILED', { details: [detailOf('body.mentions', 'NOT_A_MEMBER', {}, message)] })
}
