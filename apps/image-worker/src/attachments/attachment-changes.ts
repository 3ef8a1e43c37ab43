import { lockChats, raiseMessages } from '@muster/chat-changes'
import type { Trx } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import { signalTaskChange } from '@muster/signals'
import { findTaskPlaces } from './attachments.queries.ts'

/** Where an attachment is shown: in a task, in a message of a chat, or before it was sent only to its uploader. */
export type Placed = {
  id: string
  task_id: string | null
  chat_id: string | null
  message_id: string | null
  uploader_id: string | null
}

/**
 * Locks the chats of attachments until the transaction ends, so that no message takes one of them meanwhile. Locks nothing for
 * attachments of tasks. Called before any row of an attachment is locked, in the order of a sender.
 */
export async function lockChatsOf(trx: Trx, attachments: readonly Pick<Placed, 'chat_id'>[]): Promise<void> {
  await lockChats(
    trx,
    attachments.flatMap(({ chat_id }) => chat_id ?? []),
  )
}

/**
 * Tells about changed attachments: signals those of tasks to everybody who may see the task. Of those of chats, whose chats the caller
 * has locked, the message of a sent one gets a new change, and the uploader of an unsent one a signal.
 */
export async function announceChanged(
  tx: Pick<TransactContext, 'trx' | 'signal'>,
  changed: readonly Placed[],
): Promise<void> {
  const messageIds = new Map<string, string[]>()
  for (const { id, chat_id, message_id, uploader_id } of changed) {
    if (chat_id === null) continue
    if (message_id) messageIds.set(chat_id, [...(messageIds.get(chat_id) ?? []), message_id])
    else if (uploader_id) tx.signal({ room: `user:${uploader_id}`, event: 'attachment', chatId: chat_id, id })
  }
  for (const [chatId, ids] of messageIds) await raiseMessages(tx, chatId, ids)
  await signalTaskFiles(tx, changed)
}

async function signalTaskFiles(
  tx: Pick<TransactContext, 'trx' | 'signal'>,
  changed: readonly Pick<Placed, 'id' | 'task_id'>[],
): Promise<void> {
  const tasks = await findTaskPlaces(
    tx.trx,
    changed.flatMap(({ task_id }) => task_id ?? []),
  )
  for (const { id, task_id } of changed) {
    const task = tasks.get(task_id ?? '')
    if (task_id && task) signalTaskChange(tx, { event: 'attachment', id, taskId: task_id }, task)
  }
}
