/* Every list takes its size the same way, within the same bounds. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGroup } from '../modules/chats/testing/chat-fixtures.ts'
import { createTask } from '../modules/organizations/testing/organization-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

type Operation = { parameters?: { name: string; in: string; schema: { maximum?: number } }[]; responses: object }

let api: TestApp
let users: TestUser[]
let lists: { url: string; operation: Operation }[]

beforeAll(async () => {
  api = await buildTestApp()
  users = [await api.signUp(), await api.signUp({ role: 'super_admin' })]
  const chat = await createGroup(users[0] as TestUser, [])
  const task = await createTask(users[0] as TestUser)
  const { paths } = (await api.connect().inject('GET', '/openapi.json')).json()
  lists = Object.entries(paths as Record<string, { get?: Operation }>).flatMap(([path, { get }]) =>
    get && JSON.stringify(get.responses).includes('/Pagination"')
      ? [{ url: urlOf(path, chat.id, task.id), operation: get }]
      : [],
  )
})
afterAll(() => api.close())

const urlOf = (path: string, chatId: string, taskId: string) =>
  path
    .replace('{name}', 'email')
    .replace('/chats/{id}', `/chats/${chatId}`)
    .replace('/tasks/{id}', `/tasks/${taskId}`)
    .replace(/search$/, '$&?q=hello')

const read = async (list: string, limit: number | string) => {
  const url = `${list}${list.includes('?') ? '&' : '?'}limit=${limit}`
  const answers = await Promise.all(users.map((user) => user.inject('GET', url)))
  return answers.find(({ statusCode }) => statusCode !== 403) ?? answers[0]
}

test('every list with pages takes a limit from 1 to 100, which its pagination repeats', async () => {
  expect(lists.length).toBeGreaterThan(8)
  for (const { url, operation } of lists) {
    const limit = operation.parameters?.find(({ name }) => name === 'limit')
    expect([url, limit?.in, limit?.schema.maximum]).toEqual([url, 'query', 100])
    for (const size of [1, 100]) {
      const answer = await read(url, size)
      expect([url, answer?.statusCode, answer?.json().pagination?.limit]).toEqual([url, 200, size])
    }
    for (const size of ['0', '101', '1e1', '0x10', '']) {
      expect([url, size, (await read(url, size))?.statusCode]).toEqual([url, size, 400])
    }
  }
})
