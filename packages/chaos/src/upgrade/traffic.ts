import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@muster/testing'
import { expect } from 'vitest'
import type { System } from '../system/system.ts'
import { entityOf, newTaskBody, retryOn503 } from '../users/fixtures.ts'
import { type ApiResponse, createUser, type User } from '../users/user.ts'

/** The requests that the instances acknowledged, each of which has effects that must happen once. */
export type Ledger = { addresses: string[]; taskIds: string[]; reminderIds: string[]; attachmentIds: string[] }

export type Traffic = {
  ledger: Ledger
  sendTo(urls: readonly string[]): void
  /** Ends it. @returns the answers of 400 and above, and the broken connections */
  stop(): Promise<string[]>
}

const pauseMs = 150
/** Long enough for a request that a busy machine delays. */
const reminderInMs = 10_000

/**
 * Registers users (a mail), creates tasks (an audit event), sets reminders (a notification and a mail) and uploads images (a file), one after the
 * other and at each instance in turn. A registration that an overloaded machine refuses (503) is sent again, as clients do; nothing else is.
 */
export function startTraffic(system: System, user: User, picture: Blob, initialUrls: readonly string[]): Traffic {
  const ledger: Ledger = { addresses: [], taskIds: [], reminderIds: [], attachmentIds: [] }
  const failures: string[] = []
  let urls = initialUrls
  let isStopping = false

  const acknowledged = async (what: string, answering: Promise<ApiResponse>): Promise<ApiResponse | undefined> => {
    try {
      const answer = await answering
      if (answer.status < 300) return answer
      failures.push(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`)
    } catch (error) {
      failures.push(`${what}: ${(error as Error).cause ?? error}`)
    }
    return undefined
  }
  const round = async (at: string, number: number) => {
    const guest = createUser({ ...system, apiUrl: at })
    if (await acknowledged('register', registration(guest))) ledger.addresses.push(guest.email)
    const created = await acknowledged('task', user.request('POST', '/tasks', newTaskBody('Upgrade'), { at }))
    if (!created) return
    const taskId = entityOf(created, 'task').id
    ledger.taskIds.push(taskId)
    const scheduledAt = new Date(Date.now() + reminderInMs).toISOString()
    const body = { taskId, scheduledAt, type: 'both' }
    const reminder = await acknowledged('reminder', user.request('POST', '/reminders', body, { at }))
    if (reminder) ledger.reminderIds.push(entityOf(reminder, 'reminder').id)
    if (number % 4 > 0) return
    const form = new FormData()
    form.append('files', picture, 'picture.png')
    const uploaded = await acknowledged('upload', user.request('POST', `/tasks/${taskId}/attachments`, form, { at }))
    const { attachments = [] } = (uploaded?.body.data ?? {}) as { attachments?: { id: string }[] }
    ledger.attachmentIds.push(...attachments.map(({ id }) => id))
  }
  const running = (async () => {
    for (let number = 0; !isStopping; number++) {
      await round(urls[number % urls.length] as string, number)
      await sleep(pauseMs)
    }
  })()
  return {
    ledger,
    sendTo(next) {
      urls = next
    },
    async stop() {
      isStopping = true
      await running
      return failures
    },
  }
}

/** Registers a user. A refusal (503) may come after the mail was written: then the next try is too early (429), and the mail must come. */
async function registration(guest: User): Promise<ApiResponse> {
  const first = await guest.register()
  if (first.status !== 503) return first
  const last = await retryOn503(guest.register)
  return last.status === 429 ? { ...last, status: 202 } : last
}

/** Checks that everything acknowledged happened, and once. */
export async function expectWhole(
  system: System,
  { addresses, taskIds, reminderIds, attachmentIds }: Ledger,
): Promise<void> {
  const { inspector, smtp } = system
  const once = (ids: string[]) => ids.map(() => 1)
  const count = async (table: string, where: string, ids: string[]) =>
    (await inspector.query(`select from ${table} where ${where}`, [ids])).length
  await eventually(
    async () =>
      expect(await count('reminders', `id = any($1) and status = 'sent'`, reminderIds)).toBe(reminderIds.length),
    { timeoutMs: 120_000 },
  )
  await inspector.waitUntilIdle({ timeoutMs: 120_000 })
  expect(await inspector.query('select * from outbox')).toEqual([])
  expect(addresses.map((address) => smtp.mailsTo(address).length)).toEqual(once(addresses))
  expect(await inspector.auditCounts('task.created', taskIds)).toEqual(once(taskIds))
  expect(await inspector.auditCounts('reminder.sent', reminderIds)).toEqual(once(reminderIds))
  expect(await inspector.auditCounts('attachment.optimized', attachmentIds)).toEqual(once(attachmentIds))
  // A user gets at most 60 notifications an hour, but each reminder is delivered.
  expect(await count('reminder_deliveries', 'reminder_id = any($1)', reminderIds)).toBe(reminderIds.length)
  expect(await count('attachments', `id = any($1) and status = 'ready'`, attachmentIds)).toBe(attachmentIds.length)
  const messageIds = smtp.accepted.map(({ messageId }) => messageId)
  expect(new Set(messageIds).size).toBe(messageIds.length)
  expect(await inspector.isAuditChainIntact()).toBe(true)
}
