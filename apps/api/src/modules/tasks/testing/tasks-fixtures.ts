import { expect } from 'vitest'
import type { TestApp, TestUser } from '../../../testing/test-app.ts'

export const tasksUrl = '/api/v1/tasks'
/** The default due date; the tests' clock begins the day before. */
export const tomorrow = '2026-11-21T12:00:00.000Z'

/** Creates a task of the user over HTTP. */
export async function createTask(user: TestUser, fields: object = {}) {
  const response = await user.inject('POST', tasksUrl, { title: 'Water the plants', dueDate: tomorrow, ...fields })
  expect(response.statusCode, response.body).toBe(201)
  return response.json().data.task
}

/** Signs up a client_user of the same organization. */
export const signUpColleague = (api: TestApp, of: TestUser) =>
  api.signUp({ role: 'client_user', organizationId: of.organizationId as string })

/** Returns the titles of a listed page. */
export const titlesOf = (response: { json(): { data: { tasks: { title: string }[] } } }) =>
  response.json().data.tasks.map(({ title }) => title)
