import { planNotice } from '@muster/chat-changes'
import { newId } from '@muster/db'
import { DomainError, detailOf, invalid } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Message } from '@muster/realtime/shapes'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { isUniqueViolation } from '../../sql/unique-violation.ts'
import type { AttachmentRow } from '../attachments/attachment-view.ts'
import { type LockedChat, lockChat, nextChange, nextSeq, signalChange } from './chat-lock.ts'
import { assertMembers, assertWritable } from './chat-rules.ts'
import { contentMac, isSameContent } from './content-mac.ts'
import { isVisible, type MessageRow, toMessage } from './message-view.ts'
import type { NewMessage } from './messages.schema.ts'
import * as queries from './send-message.queries.ts'

type SendDeps = Pick<Deps, 'transact' | 'chatSends' | 'db' | 'lookups' | 'clock' | 'config'>
type Sent = { message: Message; isNew: boolean }

/**
 * Sends a message. The same client id and content return the message as it is today, without any further check.
 * @param takeLimit counts the message towards the limit of the sender
 * @throws DomainError NOT_FOUND for somebody who is no member, FORBIDDEN in a direct chat that is read-only, VALIDATION_FAILED,
 *   IDEMPOTENCY_MISMATCH for a client id with another content, RATE_LIMITED, OVERLOADED while too many send to the chat
 */
export async function sendMessage(
  deps: SendDeps,
  actor: Actor,
  chatId: string,
  { message, takeLimit }: { message: NewMessage; takeLimit: () => void },
): Promise<Sent> {
  const stored = await findReplay(deps, deps.lookups, actor, chatId, message)
  if (stored) return { message: stored, isNew: false }
  takeLimit()
  try {
    const send = () => deps.transact((tx) => write(deps, tx, actor, chatId, message))
    return { message: await deps.chatSends.run(chatId, send), isNew: true }
  } catch (error) {
    if (!isUniqueViolation(error, 'messages_chat_id_sender_id_client_id_key')) throw error
    const written = await findReplay(deps, deps.db, actor, chatId, message)
    if (!written) throw error
    return { message: written, isNew: false }
  }
}

/** Finds the message that this client id wrote. @throws DomainError NOT_FOUND, IDEMPOTENCY_MISMATCH, CONFLICT */
async function findReplay(
  { config }: Pick<Deps, 'config'>,
  db: Deps['db'],
  { userId }: Actor,
  chatId: string,
  given: NewMessage,
): Promise<Message | undefined> {
  const stored = await queries.findStored(db, chatId, userId, given.clientId)
  if (!stored) throw new DomainError('NOT_FOUND')
  const { message, ...numbers } = stored
  if (!message) return undefined
  const { contentMac: kept, ...row } = message
  // Without the key only a message that has not changed can be compared.
  const isSame = isSameContent(config.keys.encryption, kept, given) ?? hasContent(row, given)
  if (!isSame)
    throw new DomainError('IDEMPOTENCY_MISMATCH', {
      message: 'You have sent another message with this clientId. Use a new clientId for each message.',
      details: [detailOf('body.clientId', 'TAKEN', {}, 'was used for another message')],
    })
  const viewer = { userId, ...numbers }
  if (!isVisible(row.seq, viewer))
    throw new DomainError('CONFLICT', {
      message: 'You sent this message before you joined the chat again. Use a new clientId to send it once more.',
    })
  return toMessage(row, viewer)
}

const hasContent = (row: MessageRow, { body, replyToId, attachmentIds, mentions }: NewMessage): boolean =>
  row.body === (body ?? null) &&
  row.replyToId === (replyToId ?? null) &&
  row.attachments.map(({ id }) => id).join() === attachmentIds.join() &&
  row.mentions.toSorted().join() === mentions.toSorted().join()

async function write(
  deps: Pick<Deps, 'clock' | 'config'>,
  tx: TransactContext,
  { userId }: Actor,
  chatId: string,
  given: NewMessage,
): Promise<Message> {
  const mac = contentMac(deps.config.keys.encryption, given)
  const chat = await lockChat(tx.trx, chatId)
  const facts = await queries.readSendFacts(tx.trx, chat, userId, given)
  assertMaySend(chat, facts, given)
  const message = {
    ...given,
    id: newId(),
    seq: nextSeq(chat),
    change: nextChange(chat),
    senderId: userId,
    replyToSeq: facts.replied?.seq ?? null,
    contentMac: mac,
    createdAt: timeAfter(chat.lastMessageAt, deps.clock.now()),
  }
  const attachments = await queries.insertMessage(tx.trx, chat, message, planNotice(tx, chat, deps.clock.now()))
  assertAttached(attachments, given.attachmentIds)
  signalChange(tx, chat)
  return toMessage(rowOf(chat, message, facts, attachments), { ...facts, firstSeq: chat.firstSeq })
}

/** Messages have ascending times in a chat, also when the clocks of two instances differ. */
const timeAfter = (last: Date | null, now: Date) => (last && last > now ? last : now)

function assertMaySend(
  chat: LockedChat,
  facts: queries.SendFacts | undefined,
  { replyToId }: NewMessage,
): asserts facts is queries.SendFacts {
  if (!facts) throw new DomainError('NOT_FOUND')
  assertWritable(facts)
  const { replied, strangers } = facts
  if (replyToId && !(replied && isVisible(replied.seq, { ...facts, firstSeq: chat.firstSeq })))
    throw invalid('body.replyToId', 'NOT_AVAILABLE', {}, 'is not a message of this chat that you can see')
  assertMembers(strangers)
}

function assertAttached(attachments: AttachmentRow[], ids: string[]): void {
  const attached = new Set(attachments.map(({ id }) => id))
  const details = ids.flatMap((id, index) =>
    attached.has(id)
      ? []
      : [
          detailOf(
            `body.attachmentIds.${index}`,
            'NOT_AVAILABLE',
            {},
            'is not a file that you uploaded to this chat and have not sent yet',
          ),
        ],
  )
  if (details.length > 0) throw new DomainError('VALIDATION_FAILED', { details })
}

function rowOf(
  chat: LockedChat,
  message: queries.MessageToInsert,
  { sender, replied }: queries.SendFacts,
  attachments: AttachmentRow[],
): MessageRow {
  const { id, seq, change, clientId, replyToSeq, mentions, createdAt } = message
  return {
    id,
    chatId: chat.id,
    seq,
    change,
    clientId,
    sender,
    body: message.body ?? null,
    replyToId: message.replyToId ?? null,
    replyToSeq,
    quoted: replied?.quoted ?? null,
    mentions,
    attachments,
    reactions: [],
    version: 1,
    editedAt: null,
    deletedAt: null,
    createdAt,
  }
}
