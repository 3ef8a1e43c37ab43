import { newId } from '@muster/db'
import { insertReminder, insertTask } from '@muster/testing'
import { dataOf } from '../../../testing/succeeded.ts'
import type { TestApp, TestClient, TestUser } from '../../../testing/test-app.ts'
import type { Analytics, Streaks } from '../analytics.schema.ts'

export const readAnalytics = async (user: TestClient): Promise<Analytics> =>
  dataOf(await user.inject('GET', '/api/v1/analytics'))
export const readStreaks = async (user: TestClient): Promise<Streaks> =>
  dataOf(await user.inject('GET', '/api/v1/analytics/streaks'))

const ownerRow = ({ userId, organizationId }: TestUser) => ({ id: userId, organization_id: organizationId })

export type TaskFields = Parameters<typeof insertTask>[2]

/** Inserts a task that was completed at that time, or is open without one. */
export const putTask = ({ db }: TestApp, owner: TestUser, completedAt: Date | null, fields: TaskFields = {}) =>
  insertTask(db, ownerRow(owner), {
    id: newId(),
    status: completedAt ? 'completed' : 'todo',
    completed_at: completedAt,
    ...fields,
  })

/** Inserts a reminder of the user on a task of their own. */
export async function putReminder(api: TestApp, user: TestUser, status: string, completedAt: Date | null = null) {
  const task = await putTask(api, user, null)
  return insertReminder(api.db, task, { status, completed_at: completedAt })
}
