import type { User } from '../users/user.ts'

/** Uploads texts to a task, and deletes every third one again. */
export type FileTraffic = {
  /** The content of each uploaded file by the id of its attachment, deleted ones included. */
  uploaded: ReadonlyMap<string, string>
  deleted: ReadonlySet<string>
  /** @throws when a request was not answered as expected */
  stop(): Promise<void>
}

/** Starts to upload and delete without a pause, over two connections. */
export function startFileTraffic(user: User, taskId: string): FileTraffic {
  const uploaded = new Map<string, string>()
  const deleted = new Set<string>()
  const failures: string[] = []
  let isRunning = true
  const lane = async (name: number) => {
    for (let number = 0; isRunning; number++) {
      const content = `file ${number} of lane ${name}`
      const form = new FormData()
      form.append('files', new Blob([content]), `f${name}-${number}.txt`)
      const { status, body } = await user.request('POST', `/tasks/${taskId}/attachments`, form)
      const id = (body as { data?: { attachments?: { id: string }[] } }).data?.attachments?.[0]?.id
      if (!id) {
        failures.push(`upload ${status}`)
        continue
      }
      uploaded.set(id, content)
      if (number % 3 !== 0) continue
      const answer = await user.request('DELETE', `/attachments/${id}`)
      if (answer.status >= 300) failures.push(`deletion ${answer.status}`)
      else deleted.add(id)
    }
  }
  const lanes = Promise.all([1, 2].map(lane))
  return {
    uploaded,
    deleted,
    async stop() {
      isRunning = false
      await lanes
      if (failures.length > 0) throw new Error(`Requests failed: ${failures.join(', ')}.`)
    },
  }
}
