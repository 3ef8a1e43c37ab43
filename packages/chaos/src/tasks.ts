import type { Answer, Person } from './people.ts'

const dayMs = 86_400_000

/** A body for `POST /tasks`. */
export const newTask = (title = 'Survive') => ({ title, dueDate: new Date(Date.now() + dayMs).toISOString() })

/** The entity of a successful answer. @throws when the answer is none */
export function entity(answer: Answer, name: string): { id: string } & Record<string, unknown> {
  const { data } = answer.body as { data?: Record<string, { id: string } & Record<string, unknown>> }
  const found = data?.[name]
  if (!found) throw new Error(`An answer with ${name} was expected and it was ${answer.status}.`)
  return found
}

/** @returns the task's id */
export async function makeTask(person: Person): Promise<string> {
  return entity(await person.request('POST', '/tasks', newTask()), 'task').id
}
