import type { Db, Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import { deleteFiles } from '@muster/jobs/definitions'
import type { ChatFile } from '@muster/realtime/shapes'
import { everyKeyOf } from '@muster/storage'
import type { Deps } from '../../../deps.ts'
import type { Actor, Origin } from '../../../http/actor.ts'
import { eventOn } from '../../../http/event-on.ts'
import type { StagedFile } from '../../../http/uploads/receive-files.ts'
import { toChatFile } from '../../attachments/attachment-view.ts'
import {
  type FilePlace,
  fileSummary,
  signalUnsentFile,
  storeFiles,
  type UploadDeps,
} from '../../attachments/store-files.ts'
import * as queries from './chat-media.queries.ts'

type Options = { origin: Origin }
type FileOfChat = { chatId: string; attachmentId: string }

/**
 * Refuses an upload before its body is read.
 * @throws DomainError NOT_FOUND for somebody who is no member, FORBIDDEN in a chat to which the actor cannot write
 */
export async function assertMayUpload({ db }: Pick<Deps, 'db'>, actor: Actor, chatId: string): Promise<void> {
  await findPlace(db, actor, chatId)
}

/**
 * Stores staged files, to be sent with a message of this chat, all or none, see {@link storeFiles}. Until then only the actor sees
 * them. They count for the quota of the chat's organization, in other chats for that of the actor's.
 * @throws DomainError NOT_FOUND, FORBIDDEN, and CONFLICT when the files exceed the quota
 */
export async function addChatFiles(
  deps: UploadDeps,
  actor: Actor,
  { chatId, staged }: { chatId: string; staged: StagedFile[] },
  { origin }: Options,
): Promise<ChatFile[]> {
  const find = (db: Db | Trx) => findPlace(db, actor, chatId)
  const rows = await storeFiles(deps, { actor, staged, origin }, { find, lock: find })
  return rows.map(toChatFile)
}

/** Returns a file of a chat. @throws DomainError NOT_FOUND when it is not visible to the actor */
export async function getChatFile(
  { lookups }: Pick<Deps, 'lookups'>,
  { userId }: Actor,
  { chatId, attachmentId }: FileOfChat,
): Promise<ChatFile> {
  const row = await queries.findFile(lookups, { chatId, id: attachmentId, userId })
  if (!row) throw new DomainError('NOT_FOUND')
  return toChatFile(row)
}

/**
 * Deletes a file of the actor that was not sent yet, and enqueues the deletion of its bytes.
 * @returns the file as it was
 * @throws DomainError NOT_FOUND, and CONFLICT for a file that a message has
 */
export function deleteChatFile(
  { transact }: Pick<Deps, 'transact'>,
  actor: Actor,
  { chatId, attachmentId }: FileOfChat,
  { origin }: Options,
): Promise<ChatFile> {
  return transact(async (tx) => {
    const { trx, enqueue, audit } = tx
    const row = await queries.findFile(trx, { chatId, id: attachmentId, userId: actor.userId })
    if (!row) throw new DomainError('NOT_FOUND')
    if (row.message_id !== null || !(await queries.deleteUnsent(trx, attachmentId)))
      throw new DomainError('CONFLICT', { message: 'This file was sent already. Delete its message instead.' })
    signalUnsentFile(tx, attachmentId, { chatId, uploaderId: actor.userId })
    enqueue(deleteFiles, { keys: everyKeyOf(row) })
    audit({
      ...eventOn('attachment', attachmentId, actor.userId, origin),
      action: 'attachment.deleted',
      before: fileSummary(row),
    })
    return toChatFile(row)
  })
}

async function findPlace(db: Db | Trx, { userId, organizationId }: Actor, chatId: string): Promise<FilePlace> {
  const place = await queries.findUploadPlace(db, chatId, userId)
  if (!place) throw new DomainError('NOT_FOUND')
  if (!place.isWritable)
    throw new DomainError('FORBIDDEN', { message: 'You can no longer write to this chat, so you cannot upload files.' })
  return { chatId, organizationId: place.organizationId ?? organizationId }
}
