import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import type { ApiResponse, User } from './user.ts'

const dayMs = 86_400_000

/** A body for `POST /tasks`. */
export const newTaskBody = (title = 'Survive') => ({ title, dueDate: new Date(Date.now() + dayMs).toISOString() })

/** The entity of a successful answer. @throws when the answer is none */
export function entityOf(
  answer: Pick<ApiResponse, 'status' | 'body'>,
  name: string,
): { id: string } & Record<string, unknown> {
  const { data } = answer.body as { data?: Record<string, { id: string } & Record<string, unknown>> }
  const found = data?.[name]
  if (!found) throw new Error(`An answer with ${name} was expected: ${answer.status} ${JSON.stringify(answer.body)}`)
  return found
}

/** @returns the task's id */
export async function createTask(user: User): Promise<string> {
  return entityOf(await retryOn503(() => user.request('POST', '/tasks', newTaskBody())), 'task').id
}

/** A real photo: noise, which no format makes small at once. */
async function makePhoto(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  return sharp({ create: { width: 2_400, height: 1_600, channels: 3, background: 'black', noise } })
    .jpeg({ quality: 80 })
    .toBuffer()
}

/** @returns the attachment's id, once the API has answered 201 */
export async function uploadPhoto(user: User, taskId: string): Promise<string> {
  const form = new FormData()
  form.append('files', new Blob([new Uint8Array(await makePhoto())], { type: 'image/jpeg' }), 'photo.jpg')
  const answer = await retryOn503(() => user.request('POST', `/tasks/${taskId}/attachments`, form))
  const { attachments } = (answer.body as { data?: { attachments?: { id: string }[] } }).data ?? {}
  const [attachment] = attachments ?? []
  if (!attachment) throw new Error(`The upload was answered by ${answer.status}.`)
  return attachment.id
}

/** A reminder by mail and in the app. @returns its id */
export async function createReminder(user: User, taskId: string, inMs: number): Promise<string> {
  const scheduledAt = new Date(Date.now() + inMs).toISOString()
  const body = { taskId, scheduledAt, type: 'both' }
  return entityOf(await retryOn503(() => user.request('POST', '/reminders', body)), 'reminder').id
}

/** As a good caller does: on a machine with too much work a 503 says when to come again. */
export async function retryOn503(ask: () => Promise<ApiResponse>): Promise<ApiResponse> {
  for (let tries = 1; ; tries++) {
    const answer = await ask()
    if (answer.status !== 503 || tries === 5) return answer
    await sleep(Number(answer.headers.get('retry-after')) * 1_000)
  }
}
