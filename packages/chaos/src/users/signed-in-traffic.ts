import { setTimeout as sleep } from 'node:timers/promises'
import { entityOf, newTaskBody } from './fixtures.ts'
import type { ApiResponse, User } from './user.ts'

export type TrafficReport = {
  /** Of the tasks that were answered with 201. */
  taskIds: string[]
  answers: ApiResponse[]
  slowestMs: number
}

/** What a signed-in user does without any queue: reads and writes that need only Postgres, for so long. */
export async function sendSignedInTraffic(user: User, forMs: number): Promise<TrafficReport> {
  const taskIds: string[] = []
  const answers: ApiResponse[] = []
  const untilMs = performance.now() + forMs
  do {
    const created = await user.request('POST', '/tasks', newTaskBody())
    if (created.status === 201) taskIds.push(entityOf(created, 'task').id)
    answers.push(
      created,
      await user.request('GET', '/users/me'),
      await user.request('PATCH', '/users/me', { bio: `Still here at ${performance.now()}` }),
      await user.request('GET', '/tasks?limit=5'),
      await user.request('GET', '/auth/sessions'),
    )
    await sleep(20)
  } while (performance.now() < untilMs)
  return { taskIds, answers, slowestMs: Math.max(...answers.map(({ durationMs }) => durationMs)) }
}
