import { deleteFiles } from '@muster/jobs/definitions'
import type { Transact, TransactContext } from '@muster/jobs/outbox'
import { everyKeyOf } from '@muster/storage'
import type { Deps } from '../deps.ts'
import * as queries from './abandoned-attachments.queries.ts'
import { announceChanged, lockChatsOf } from './attachment-changes.ts'
import { fail, keysOf } from './attachment-outcome.ts'

const abandonedAfterMs = 24 * 3_600_000
const unsentAfterMs = 24 * 3_600_000
const batchSize = 500
const failureReason = 'The image could not be processed.'

/**
 * Fails attachments that are still in processing although their job ended, for example because it crashed the worker in
 * each attempt. Their files are kept while the failed job is listed, and deleted after an operator has discarded it.
 * @returns how many attachments it failed
 */
export function failAbandonedAttachments({ clock }: Pick<Deps, 'clock'>, transact: Transact): Promise<number> {
  const now = clock.now()
  return transact(async (tx) => {
    const abandoned = await queries.findAbandoned(tx.trx, new Date(now.getTime() - abandonedAfterMs), batchSize)
    const discarded = await queries.findDiscarded(tx.trx, batchSize)
    await lockChatsOf(tx.trx, [...abandoned, ...discarded])
    for (const attachment of abandoned)
      await fail(tx, attachment, { reason: failureReason, areFilesKept: attachment.canBeRetried }, now)
    await emptyDiscarded(tx, discarded)
    return abandoned.length
  })
}

/** Makes failed attachments whose job was discarded final: none of their files remains. */
async function emptyDiscarded(tx: TransactContext, discarded: readonly queries.Found[]): Promise<void> {
  const emptied = await queries.emptyDiscarded(
    tx.trx,
    discarded.map(({ id }) => id),
  )
  await announceChanged(tx, emptied)
  for (const attachment of emptied) tx.enqueue(deleteFiles, { keys: keysOf(attachment) })
}

/**
 * Deletes files of chats that were uploaded a day ago or earlier and that no message has, with their bytes.
 * @returns how many it deleted
 */
export async function deleteUnsentFiles(
  { clock }: Pick<Deps, 'clock'>,
  transact: Transact,
  signal: AbortSignal,
): Promise<number> {
  const before = new Date(clock.now().getTime() - unsentAfterMs)
  let total = 0
  for (let deleted = batchSize; deleted === batchSize; total += deleted) {
    signal.throwIfAborted()
    deleted = await transact(async ({ trx, enqueue, audit, signal }) => {
      const files = await queries.deleteUnsent(trx, before, batchSize)
      for (const file of files) {
        if (file.uploader_id)
          signal({ room: `user:${file.uploader_id}`, event: 'attachment', id: file.id, chatId: file.chat_id })
        enqueue(deleteFiles, { keys: everyKeyOf(file) })
        audit({
          action: 'attachment.deleted',
          actorId: null,
          targetType: 'attachment',
          targetId: file.id,
          before: { chatId: file.chat_id, filename: file.filename, status: file.status },
        })
      }
      return files.length
    })
  }
  return total
}
