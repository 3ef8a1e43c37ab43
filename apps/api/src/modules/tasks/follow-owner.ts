import type { Trx } from '@muster/db'
import { cancelRemindersOfOthers, cancelRemindersOnOthersTasks } from '../reminders/reminders.service.ts'
import * as queries from './follow-owner.queries.ts'

/** Each statement stays far below the time that the API gives one. */
const tasksPerStatement = 1_000

/**
 * The tasks of a person who goes to another organization, or to none, are theirs and go along. What they shared with the
 * organization they leave ends: nobody there stays assigned to their tasks or is reminded of them, nor they of others'.
 */
export async function tasksFollow(trx: Trx, userId: string, organizationId: string | null, now: Date): Promise<void> {
  const page = { now, limit: tasksPerStatement }
  for (let count = tasksPerStatement; count === tasksPerStatement; ) {
    const moved = await queries.moveOwn(trx, { userId, organizationId }, page)
    if (moved.length > 0) await cancelRemindersOfOthers(trx, moved, userId, now)
    count = moved.length
  }
  for (let count = tasksPerStatement; count === tasksPerStatement; ) {
    count = (await queries.unassign(trx, userId, page)).length
  }
  await cancelRemindersOnOthersTasks(trx, userId, now)
}
