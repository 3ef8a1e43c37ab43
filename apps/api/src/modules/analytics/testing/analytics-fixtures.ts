import { newId } from '@muster/db'
import { insertReminder, insertTask } from '@muster/testing'
import type { TestApp, TestClient, TestPerson } from '../../../testing/api.ts'
import { dataOf } from '../../../testing/succeeded.ts'
import type { Analytics, Streaks } from '../analytics.schema.ts'

export const readAnalytics = async (person: TestClient): Promise<Analytics> =>
  dataOf(await person.inject('GET', '/api/v1/analytics'))
export const readStreaks = async (person: TestClient): Promise<Streaks> =>
  dataOf(await person.inject('GET', '/api/v1/analytics/streaks'))

const ownerRow = ({ userId, organizationId }: TestPerson) => ({ id: userId, organization_id: organizationId })

export type TaskFields = Parameters<typeof insertTask>[2]

/** Inserts a task that was completed at that time, or is open without one. */
export const putTask = ({ db }: TestApp, owner: TestPerson, completedAt: Date | null, fields: TaskFields = {}) =>
  insertTask(db, ownerRow(owner), {
    id: newId(),
    status: completedAt ? 'completed' : 'todo',
    completed_at: completedAt,
    ...fields,
  })

/** Inserts a reminder of the user on a task of their own. */
export async function putReminder(api: TestApp, person: TestPerson, status: string, completedAt: Date | null = null) {
  const task = await putTask(api, person, null)
  return insertReminder(api.db, task, { status, completed_at: completedAt })
}
