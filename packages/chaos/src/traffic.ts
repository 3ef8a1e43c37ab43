import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Person } from './people.ts'
import { entity, newTask } from './work.ts'

export type Report = {
  /** Of the tasks that were answered with 201. */
  taskIds: string[]
  answers: Answer[]
  slowestMs: number
}

/** What a signed-in person does without any queue: reads and writes that need only Postgres, for so long. */
export async function useSignedIn(person: Person, forMs: number): Promise<Report> {
  const taskIds: string[] = []
  const answers: Answer[] = []
  const untilMs = performance.now() + forMs
  do {
    const created = await person.request('POST', '/tasks', newTask())
    if (created.status === 201) taskIds.push(entity(created, 'task').id)
    answers.push(
      created,
      await person.request('GET', '/users/me'),
      await person.request('PATCH', '/users/me', { bio: `Still here at ${performance.now()}` }),
      await person.request('GET', '/tasks?limit=5'),
      await person.request('GET', '/auth/sessions'),
    )
    await sleep(20)
  } while (performance.now() < untilMs)
  return { taskIds, answers, slowestMs: Math.max(...answers.map(({ durationMs }) => durationMs)) }
}
