import { setTimeout as sleep } from 'node:timers/promises'
import { entityOf, newTaskBody } from './fixtures.ts'
import type { ApiResponse, User } from './user.ts'

export type TrafficReport = {
  /** The ids of the tasks that were answered with 201. */
  taskIds: string[]
  responses: ApiResponse[]
  slowestMs: number
}

const pauseMs = 20

/** Sends reads and writes of a signed-in user that need Postgres and not Redis, for the given time. */
export async function sendSignedInTraffic(user: User, forMs: number): Promise<TrafficReport> {
  const taskIds: string[] = []
  const responses: ApiResponse[] = []
  const endMs = performance.now() + forMs
  do {
    const created = await user.request('POST', '/tasks', newTaskBody())
    if (created.status === 201) taskIds.push(entityOf(created, 'task').id)
    responses.push(
      created,
      await user.request('GET', '/users/me'),
      await user.request('PATCH', '/users/me', { bio: `Still here at ${performance.now()}` }),
      await user.request('GET', '/tasks?limit=5'),
      await user.request('GET', '/auth/sessions'),
    )
    await sleep(pauseMs)
  } while (performance.now() < endMs)
  return { taskIds, responses, slowestMs: Math.max(...responses.map(({ durationMs }) => durationMs)) }
}
