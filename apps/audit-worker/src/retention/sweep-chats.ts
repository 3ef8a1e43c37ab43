import { lockChats, nextOwnChange, saveCounters } from '@muster/chat-changes'
import { deleteFiles } from '@muster/jobs/definitions'
import type { Transact, TransactContext } from '@muster/jobs/outbox'
import type { Logger } from '@muster/logger'
import { everyKeyOf } from '@muster/storage'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import * as queries from './sweep-chats.queries.ts'
import { sweptTotal } from './sweep-table.ts'

type SweepDeps = Pick<Deps, 'db' | 'retention' | 'clock'>
type Run = { log: Logger; signal: AbortSignal; transact: Transact }

const messagesPerTransaction = 500
const keysPerJob = 300
/** Nobody can add members to a group without members, so nobody sees it again. */
const emptyGroupsAfterMs = 30 * 86_400_000

/**
 * Deletes messages that are older than their retention, if one is set, and groups that have had no member for 30 days, with their
 * files. A chat tells its members by one change which messages are gone; from then on none of them is visible, and its rows are
 * deleted in transactions of limited size. A later run continues after a crash.
 */
export async function sweepChats(deps: SweepDeps, run: Run): Promise<void> {
  const now = deps.clock.now().getTime()
  const { messagesMs } = deps.retention
  const groups = await deleteEmptyGroups(deps, run, new Date(now - emptyGroupsAfterMs))
  const messages = messagesMs === undefined ? 0 : await deleteOldMessages(deps, run, new Date(now - messagesMs))
  sweptTotal.inc({ table: 'messages' }, messages)
  sweptTotal.inc({ table: 'chats' }, groups)
  run.log.info({ component: 'retention', messages, groups }, 'old messages and empty groups deleted')
}

async function deleteOldMessages({ db }: SweepDeps, run: Run, before: Date): Promise<number> {
  let total = 0
  for (;;) {
    const chatIds = await queries.findChatsWithOldMessages(db, before)
    if (chatIds.length === 0) return total
    for (const chatId of chatIds) {
      await run.transact((tx) => raiseFirstSeq(tx, chatId, before))
      total += await deleteMessages(run, chatId)
    }
  }
}

/** Hides the old messages of a chat, by one change. Without effect when an earlier run has hidden them. */
async function raiseFirstSeq(tx: TransactContext, chatId: string, before: Date): Promise<void> {
  const [chat] = await lockChats(tx.trx, [chatId])
  if (!chat) return
  const firstSeq = 1 + (await queries.findLastOldSeq(tx.trx, chatId, before))
  if (firstSeq <= chat.firstSeq) return
  nextOwnChange(chat)
  await saveCounters(tx, chat, { assignments: sql`, first_seq = ${firstSeq}` })
}

/** Deletes the hidden messages of a chat, with their files. @returns how many it deleted */
async function deleteMessages({ signal, transact }: Run, chatId: string): Promise<number> {
  let total = 0
  for (let deleted = messagesPerTransaction; deleted === messagesPerTransaction; total += deleted) {
    signal.throwIfAborted()
    deleted = await transact(async (tx) => {
      const found = await queries.deleteHiddenMessages(tx.trx, chatId, messagesPerTransaction)
      enqueueDeletion(tx, found.files)
      return found.count
    })
  }
  return total
}

async function deleteEmptyGroups({ db }: SweepDeps, run: Run, before: Date): Promise<number> {
  const ids = await queries.findEmptyGroups(db, before)
  for (const id of ids) {
    await run.transact(({ trx }) => queries.hideAllMessages(trx, id))
    await deleteMessages(run, id)
    await run.transact(async (tx) => {
      const { files, avatarKey } = await queries.deleteChat(tx.trx, id)
      enqueueDeletion(tx, files)
      if (avatarKey) tx.enqueue(deleteFiles, { keys: [avatarKey] })
      tx.audit({ action: 'chat.deleted', actorId: null, targetType: 'chat', targetId: id })
    })
  }
  return ids.length
}

function enqueueDeletion({ enqueue }: Pick<TransactContext, 'enqueue'>, files: readonly queries.OwnedFile[]): void {
  const keys = files.flatMap(everyKeyOf)
  for (let from = 0; from < keys.length; from += keysPerJob)
    enqueue(deleteFiles, { keys: keys.slice(from, from + keysPerJob) })
}
