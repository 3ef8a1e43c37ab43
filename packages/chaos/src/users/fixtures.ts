import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import type { ApiResponse, User } from './user.ts'

type Entity = { id: string } & Record<string, unknown>

const dayMs = 86_400_000
const maxTries = 5

/** Builds a body for `POST /tasks` with a task that is due in a day. */
export const newTaskBody = (title = 'Survive') => ({ title, dueDate: new Date(Date.now() + dayMs).toISOString() })

/** Returns the entity with this name from a successful response. @throws when the response holds none */
export function entityOf({ status, body }: Pick<ApiResponse, 'status' | 'body'>, name: string): Entity {
  const { data } = body as { data?: Record<string, Entity> }
  const entity = data?.[name]
  if (!entity) throw new Error(`Expected a response with ${name}, got ${status} ${JSON.stringify(body)}.`)
  return entity
}

/** Creates a task of the user. @returns its id */
export async function createTask(user: User): Promise<string> {
  return entityOf(await retryOn503(() => user.request('POST', '/tasks', newTaskBody())), 'task').id
}

/** Renders a photo of noise, which takes every image format some time to compress. */
async function renderPhoto(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  return sharp({ create: { width: 2_400, height: 1_600, channels: 3, background: 'black', noise } })
    .jpeg({ quality: 80 })
    .toBuffer()
}

/** Uploads a photo to the task. @returns the attachment's id, once the API has responded with 201 */
export async function uploadPhoto(user: User, taskId: string): Promise<string> {
  const form = new FormData()
  form.append('files', new Blob([new Uint8Array(await renderPhoto())], { type: 'image/jpeg' }), 'photo.jpg')
  const { status, body } = await retryOn503(() => user.request('POST', `/tasks/${taskId}/attachments`, form))
  const { attachments } = (body as { data?: { attachments?: { id: string }[] } }).data ?? {}
  const [attachment] = attachments ?? []
  if (!attachment) throw new Error(`The upload was answered with ${status}.`)
  return attachment.id
}

/**
 * Creates a reminder by mail and notification that is due in `inMs` milliseconds, at the API or at another instance; later where the
 * request takes longer than that, since a past time is refused.
 * @returns its id
 */
export async function createReminder(user: User, taskId: string, inMs: number, at?: string): Promise<string> {
  for (let leftMs = inMs; ; leftMs *= 4) {
    const send = () => {
      const scheduledAt = new Date(Date.now() + leftMs).toISOString()
      return user.request('POST', '/reminders', { taskId, scheduledAt, type: 'both' }, at ? { at } : {})
    }
    const answer = await retryOn503(send)
    if (answer.status !== 400 || leftMs > 60_000) return entityOf(answer, 'reminder').id
  }
}

/** Repeats a request after the `Retry-After` of a 503, which an overloaded API returns; gives up after 5 tries. */
export async function retryOn503(send: () => Promise<ApiResponse>): Promise<ApiResponse> {
  for (let tries = 1; ; tries++) {
    const response = await send()
    if (response.status !== 503 || tries === maxTries) return response
    await sleep(Number(response.headers.get('retry-after')) * 1_000)
  }
}
