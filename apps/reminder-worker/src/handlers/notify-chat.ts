import { notifyChat } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { handle } from '@muster/jobs/worker'
import { type ChatNotification, closeChatNotifications, saveChatNotifications } from '@muster/notifications'
import { channelsFor } from '@muster/policy'
import { planMails } from '../chats/plan-mails.ts'
import { wordingOf } from '../chats/wording.ts'
import type { Deps } from '../deps.ts'
import {
  beginNotice,
  endNotice,
  holdMembers,
  type NotifiedChat,
  readMembersToTell,
  type ToldMember,
} from './notify-chat.queries.ts'

/** Members per transaction, so that none holds back readers of a large group for long. */
const perPage = 200

/**
 * Brings the notifications of a chat up to date. It depends on what is unread now and not on the message that planned it, so it can
 * run twice.
 */
export const notifyChatHandler = ({ db, transact, clock }: Pick<Deps, 'db' | 'transact' | 'clock'>) =>
  handle(notifyChat, async ({ chatId }) => {
    const chat = await beginNotice(db, chatId)
    if (!chat) return
    let after: string | undefined
    do after = await transact((tx) => tellPage(tx, chat, after, clock.now()))
    while (after)
    await endNotice(db, chat)
  })

async function tellPage(
  tx: TransactContext,
  chat: NotifiedChat,
  after: string | undefined,
  now: Date,
): Promise<string | undefined> {
  const { members, last } = await readMembersToTell(tx.trx, chat.id, { after, limit: perPage, now })
  const held = await holdMembers(tx.trx, chat.id, members)
  const told = held.filter(({ count, settings }) => count > 0 && channelsFor(settings, 'chat').inApp)
  await saveChatNotifications(
    tx,
    chat.id,
    told.map((member) => toNotification(chat, member)),
    now,
  )
  const over = held.filter(({ count, hasOpen }) => hasOpen && count === 0)
  await closeChatNotifications(tx, { chatIds: [chat.id], userIds: over.map(({ userId }) => userId) })
  await planMails(tx, held, now)
  return last
}

function toNotification(chat: NotifiedChat, member: ToldMember): ChatNotification {
  const lastSeq = member.lastSeq ?? 0
  return {
    userId: member.userId,
    ...wordingOf(chat, member),
    data: {
      event: 'chatMessages',
      count: member.count,
      mentions: member.mentions,
      lastSeq,
      userId: member.otherUserId,
    },
    hasNews: lastSeq > chat.notifiedSeq,
  }
}
