import type { Trx } from '@muster/db'
import { cancelUnseenReminders } from '../reminders/reminders.service.ts'
import * as queries from './transfer-tasks.queries.ts'

/** Each statement stays far below the time that the API gives one. */
const tasksPerStatement = 1_000

/**
 * The tasks of a person who goes to another organization, or to none, are theirs and go along. What they shared with the
 * organization they leave ends: nobody there stays assigned to their tasks or is reminded of them, nor are they assigned
 * to those of others.
 * @returns whose work changed by it
 */
export async function tasksFollow(
  trx: Trx,
  userId: string,
  organizationId: string | null,
  now: Date,
): Promise<Set<string | null>> {
  const concerned = new Set<string | null>([userId])
  const page = { now, limit: tasksPerStatement }
  for (let count = tasksPerStatement; count === tasksPerStatement; ) {
    const moved = await queries.moveOwn(trx, { userId, organizationId }, page)
    const ids = moved.map(({ id }) => id)
    const reminded = ids.length > 0 ? await cancelUnseenReminders(trx, { taskIds: ids }, now) : []
    for (const id of [...reminded, ...moved.map(({ wasAssignedTo }) => wasAssignedTo)]) concerned.add(id)
    count = moved.length
  }
  for (let count = tasksPerStatement; count === tasksPerStatement; ) {
    count = (await queries.unassign(trx, userId, page)).length
  }
  return concerned
}
