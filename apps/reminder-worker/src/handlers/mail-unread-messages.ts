import { mailUnreadMessages } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { handle } from '@muster/jobs/worker'
import { insertMail, type TemplateData } from '@muster/mail'
import { applyDefaults } from '@muster/policy'
import { presenceOf, readRecords } from '@muster/presence'
import { endOfHours } from '@muster/zones'
import { mailAfterMs } from '../chats/plan-mails.ts'
import type { Deps } from '../deps.ts'
import * as queries from './mail-unread-messages.queries.ts'

/** A user gets one such mail in this time at most. */
const pauseMs = 3_600_000
const maxListed = 10

/**
 * Mails a user the chats with unread messages, ten minutes after the oldest of these; later in quiet hours or soon after another such
 * mail. Who is online sees them, and gets no mail about them.
 */
export const mailUnreadMessagesHandler = (deps: Pick<Deps, 'db' | 'redis' | 'clock'>) =>
  handle(mailUnreadMessages, async ({ userId }, context) => {
    const isOnline = await isUserOnline(deps, userId)
    await context.transact((tx) => mailOrWait(tx, userId, { isOnline, now: deps.clock.now() }))
  })

async function isUserOnline({ db, redis, clock }: Pick<Deps, 'db' | 'redis' | 'clock'>, userId: string) {
  const records = await readRecords(redis, [userId])
  const row = await db.selectFrom('users').select('last_seen_at').where('id', '=', userId).executeTakeFirst()
  const options = { lastSeenAt: row?.last_seen_at ?? null, now: clock.now() }
  return presenceOf(records?.get(userId), options).status === 'online'
}

async function mailOrWait(
  tx: TransactContext,
  userId: string,
  { isOnline, now }: { isOnline: boolean; now: Date },
): Promise<void> {
  const recipient = await queries.takeRecipient(tx.trx, userId)
  if (!recipient?.isActive || !applyDefaults(recipient.settings).notifications.chat.email) return
  const chats = await queries.readUnreadChats(tx.trx, userId, now)
  if (chats.length === 0) return
  const oldestAt = Math.min(...chats.map(({ oldestUnsettledAt }) => oldestUnsettledAt.getTime()))
  const dueAt = new Date(oldestAt + mailAfterMs)
  if (dueAt > now) return wait(tx, userId, dueAt)
  if (isOnline) return queries.settle(tx.trx, userId, chats, null)
  const waitUntil = endOfWait(recipient, now)
  if (waitUntil) return wait(tx, userId, waitUntil)
  await insertMail(tx, { template: 'unread-messages', to: recipient.email, userId, data: dataOf(recipient, chats) })
  await queries.settle(tx.trx, userId, chats, now)
}

/** Returns until when no mail may be sent, because of quiet hours or of the last one; undefined when it may. */
function endOfWait({ settings, timezone, mailedAt }: queries.Recipient, now: Date): Date | undefined {
  const { quietHours } = applyDefaults(settings)
  const quietUntil = quietHours && endOfHours(quietHours, timezone, now)
  if (quietUntil) return quietUntil
  const nextAt = new Date((mailedAt?.getTime() ?? 0) + pauseMs)
  return nextAt > now ? nextAt : undefined
}

async function wait({ trx, enqueue }: TransactContext, userId: string, until: Date): Promise<void> {
  await queries.setJobAt(trx, userId, until)
  enqueue(mailUnreadMessages, { userId }, { runAt: until })
}

function dataOf({ name }: queries.Recipient, chats: readonly queries.UnreadChat[]): TemplateData<'unread-messages'> {
  return {
    name,
    count: chats.reduce((sum, { count }) => sum + count, 0),
    chats: chats.slice(0, maxListed).map(({ chatId, kind, name: chatName, count, senders, senderCount, lastSeq }) => ({
      chatId,
      chatName,
      count,
      sender: kind === 'group' ? (senders?.[0] ?? null) : null,
      others: kind === 'group' ? senderCount - 1 : 0,
      lastSeq: lastSeq ?? 0,
    })),
    more: Math.max(0, chats.length - maxListed),
  }
}
