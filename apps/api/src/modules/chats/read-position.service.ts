import { DomainError, invalid } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import * as queries from './read-position.queries.ts'

/**
 * Raises how far a user has read a chat. A lower number changes nothing: another device has read further.
 * @param options.path the place of the number in the request
 * @returns the position as it is now, with the number of unread messages
 * @throws DomainError NOT_FOUND for somebody who is no member, VALIDATION_FAILED for a number beyond the last message
 */
export async function setReadPosition(
  deps: Pick<Deps, 'transactStatement' | 'lookups'>,
  userId: string,
  chatId: string,
  { seq, path = 'body.seq' }: { seq: number; path?: string },
): Promise<queries.ReadPosition> {
  const raised = await deps.transactStatement<queries.ReadPosition>(({ signal }) => {
    signal({ room: `chat:${chatId}`, event: 'chat:read', chatId, userId })
    return queries.raiseReadPosition({ chatId, userId, seq })
  })
  if (raised) return raised
  const current = await queries.findReadPosition(deps.lookups, { chatId, userId })
  if (!current) throw new DomainError('NOT_FOUND')
  const { lastSeq, ...position } = current
  if (seq > lastSeq) throw invalid(path, 'TOO_LARGE', { max: lastSeq }, `is beyond the last message, ${lastSeq}`)
  // The message that the number names was committed between the two statements.
  if (position.readSeq < seq) return setReadPosition(deps, userId, chatId, { seq, path })
  return position
}
