import { DomainError, invalid } from '@muster/errors'
import { closeChatNotifications } from '@muster/notifications'
import type { Signal } from '@muster/signals'
import type { Deps } from '../../deps.ts'
import * as queries from './read-position.queries.ts'

type ReadDeps = Pick<Deps, 'transactStatement' | 'lookups' | 'db' | 'publisher'>

/**
 * Raises how far a user has read a chat. A lower number changes nothing: another device has read further.
 * The notification about what they have read becomes read too.
 * @param options.path the place of the number in the request
 * @returns the position as it is now, with the number of unread messages
 * @throws DomainError NOT_FOUND for somebody who is no member, VALIDATION_FAILED for a number beyond the last message
 */
export async function setReadPosition(
  deps: ReadDeps,
  userId: string,
  chatId: string,
  options: { seq: number; path?: string },
): Promise<queries.ReadPosition> {
  const position = await raise(deps, userId, chatId, options)
  // By a statement of its own: a job may have told of the messages while this one waited for it.
  const tx = { trx: deps.db, signal: (signal: Signal) => deps.publisher.signal([signal]) }
  await closeChatNotifications(tx, { chatIds: [chatId], userIds: [userId], upToSeq: position.readSeq })
  return position
}

async function raise(
  deps: ReadDeps,
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
  if (position.readSeq < seq) return raise(deps, userId, chatId, { seq, path })
  return position
}
