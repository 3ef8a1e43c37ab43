import type { System } from '../system/system.ts'
import { entityOf, newTaskBody } from './fixtures.ts'
import type { ApiResponse, User } from './user.ts'

export type Writers = {
  /** Ends the writers. @returns how often a list was compared, and each that missed a write or was not answered with 200 */
  stop(): Promise<{ checks: number; failures: string[] }>
}

type Page = { data: { tasks?: { id: string }[]; messages?: { id: string }[] }; pagination?: { total: number | null } }

/**
 * Lets users write and then compares what lists, search and analytics answer to the same cookies, at another instance of the API. Each
 * user is the only one who writes their tasks, so that every number is known.
 */
export async function startWriters(
  system: Pick<System, 'registeredUser'>,
  { count, urls }: { count: number; urls: readonly string[] },
): Promise<Writers> {
  const users = await Promise.all(Array.from({ length: count }, () => system.registeredUser()))
  const failures: string[] = []
  let checks = 0
  let isStopping = false
  const urlOf = (round: number) => ({ at: urls[round % urls.length] as string })

  const check = (what: string, isRight: boolean, detail: unknown) => {
    checks++
    if (!isRight) failures.push(`${new Date().toISOString()} ${what}: ${JSON.stringify(detail).slice(0, 300)}`)
  }
  const write = async (user: User, round: number, ...[method, path, body]: [string, string, unknown?]) => {
    const response = await user.request(method, path, body, urlOf(round))
    if (response.status >= 300) failures.push(`${method} ${path}: ${response.status} ${JSON.stringify(response.body)}`)
    return response
  }

  const run = async (user: User, number: number) => {
    let tasks: string[] = []
    const chat = entityOf(
      await write(user, 0, 'POST', '/chats', { type: 'group', name: 'Notes', memberIds: [] }),
      'chat',
    )
    const read = async (round: number, path: string) => {
      const response = await user.request('GET', path, undefined, urlOf(round + 1))
      if (response.status !== 200) failures.push(`GET ${path}: ${response.status} ${JSON.stringify(response.body)}`)
      return response as ApiResponse & { body: Page }
    }
    const checkTasks = async (round: number) => {
      const { body } = await read(round, '/tasks?sort=-createdAt&limit=50')
      const shown = body.data?.tasks?.map(({ id }) => id) ?? []
      const isRight = body.pagination?.total === tasks.length && tasks.every((id) => shown.includes(id))
      check('list', isRight, { expected: tasks, shown, total: body.pagination?.total })
    }
    const checkAnalytics = async (round: number) => {
      const { body } = await read(round, '/analytics')
      const { totalTasks } = (body as unknown as { data: { totalTasks: number } }).data ?? {}
      check('analytics', totalTasks === tasks.length, { expected: tasks.length, totalTasks })
    }
    const checkFound = async (round: number, path: string, kind: 'tasks' | 'messages', ids: readonly string[]) => {
      const { body } = await read(round, path)
      const found = body.data?.[kind]?.map(({ id }) => id) ?? []
      check(path, ids.length === found.length && ids.every((id) => found.includes(id)), { expected: ids, found })
    }
    for (let round = number; !isStopping; round++) {
      const word = `w${number}x${round}`
      // Some write one after another, others also at once, by several instances.
      const titles = number % 2 === 0 || round % 2 === 0 ? [word] : [word, word, word]
      const created = await Promise.all(
        titles.map((title, index) => write(user, round + index, 'POST', '/tasks', newTaskBody(title))),
      )
      const ids = created.map((response) => entityOf(response, 'task').id)
      tasks = [...tasks, ...ids]
      await Promise.all([checkTasks(round), checkFound(round, `/tasks?q=${word}`, 'tasks', ids), checkAnalytics(round)])
      const sent = await write(user, round, 'POST', `/chats/${chat.id}/messages`, {
        clientId: crypto.randomUUID(),
        body: word,
      })
      await checkFound(round, `/chats/search?q=${word}`, 'messages', [entityOf(sent, 'message').id])
      const [changed] = ids as [string]
      await write(user, round, 'PATCH', `/tasks/${changed}`, { title: `z${word}` })
      await checkFound(round, `/tasks?q=z${word}`, 'tasks', [changed])
      if (tasks.length < 20) continue
      const [oldest] = tasks as [string]
      await write(user, round, 'DELETE', `/tasks/${oldest}`)
      tasks = tasks.slice(1)
      await checkTasks(round)
      // Keeps all of them on one page.
      if (number % 2 === 0) continue
      const surplus = tasks.slice(0, -15)
      await Promise.all(surplus.map((id, index) => write(user, round + index, 'DELETE', `/tasks/${id}`)))
      tasks = tasks.slice(-15)
      await Promise.all([checkTasks(round), checkTasks(round + 1), checkAnalytics(round)])
    }
  }
  const running = Promise.all(users.map((user, index) => run(user, index)))
  return {
    async stop() {
      isStopping = true
      await running
      return { checks, failures }
    },
  }
}
