import { expect } from 'vitest'
import type { TestApp, TestPerson } from '../../../testing/api.ts'

export const tasksUrl = '/api/v1/tasks'
/** When tasks are due whose test does not care; the tests' clock begins the day before. */
export const tomorrow = '2026-11-21T12:00:00.000Z'

export async function make(person: TestPerson, fields: object = {}) {
  const response = await person.inject('POST', tasksUrl, { title: 'Water the plants', dueDate: tomorrow, ...fields })
  expect(response.statusCode, response.body).toBe(201)
  return response.json().data.task
}

/** Somebody of the same organization. */
export const member = (api: TestApp, of: TestPerson) =>
  api.signUp({ role: 'client_user', organizationId: of.organizationId as string })

export const titles = (response: { json(): { data: { tasks: { title: string }[] } } }) =>
  response.json().data.tasks.map(({ title }) => title)
