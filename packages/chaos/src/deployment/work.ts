import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@muster/testing'
import type { LedgerRecord } from '../report/record.ts'
import type { Person } from './sign-in.ts'

/** The work of one user, who creates tasks, and writes messages that the other device must get. */
export type Work = {
  acknowledged(): number
  /** Stops working, waits until what was begun is answered, and compares. */
  settle(limitMs: number): Promise<LedgerRecord[]>
  /** Deletes the tasks and leaves the group. */
  cleanUp(): Promise<void>
}

const pauseMs = 400

/** Starts working. @param run a word that the titles of all tasks of this run contain */
export async function startWork({ writer, reader }: Person, run: string): Promise<Work> {
  const { id: chatId } = await writer.chats.create({ type: 'group', name: run, memberIds: [] })
  await Promise.all([writer.realtime().whenOpen(), reader.realtime().whenOpen()])
  const received = new Map<string, number>()
  reader.realtime().on('chat:change', (change) => {
    if (change.chatId !== chatId || change.kind !== 'message') return
    const key = `${change.message.id} ${change.change}`
    received.set(key, (received.get(key) ?? 0) + 1)
  })
  await Promise.all([writer.chat(chatId).open(), reader.chat(chatId).open()])

  const tasks = new Map<string, string>()
  const messages = new Map<string, string>()
  let asked = { tasks: 0, messages: 0 }
  let isStopping = false
  let isGivenUp = false
  const open = new Set<Promise<unknown>>()

  const keep = (work: Promise<unknown>) => {
    const kept = work.catch(() => {}).finally(() => open.delete(kept))
    open.add(kept)
    return kept
  }
  /** The same key until there is an answer: however often it is sent, it is one task. */
  const createTask = async (number: number) => {
    const title = `${run} ${number}`
    const idempotencyKey = crypto.randomUUID()
    const dueDate = new Date(Date.now() + 86_400_000).toISOString()
    while (!tasks.has(title)) {
      const task = await writer.tasks.create({ title, dueDate }, { idempotencyKey }).catch(() => undefined)
      if (task) tasks.set(title, task.id)
      else if (isGivenUp) return
      else await sleep(pauseMs)
    }
  }
  const say = (number: number) => {
    const { clientId, whenSent } = writer.chat(chatId).send(`${run} ${number}`)
    return whenSent().then(({ id }) => messages.set(clientId, id))
  }
  const working = (async () => {
    while (!isStopping) {
      asked = { tasks: asked.tasks + 1, messages: asked.messages + 1 }
      keep(say(asked.messages))
      await Promise.race([keep(createTask(asked.tasks)), sleep(pauseMs * 5)])
      await sleep(pauseMs)
    }
  })()

  return {
    acknowledged: () => tasks.size + messages.size,
    async settle(limitMs) {
      isStopping = true
      await working
      await Promise.race([Promise.all(open), sleep(limitMs)])
      isGivenUp = true
      const found = await eventually(() => writer.tasks.list({ q: run, limit: 100 }).toArray(), {
        timeoutMs: limitMs,
        intervalMs: 500,
      })
      const titles = Map.groupBy(found, ({ title }) => title)
      const stored = await eventually(() => allMessages(), { timeoutMs: limitMs, intervalMs: 500 })
      const sent = Map.groupBy(stored, (message) => message.clientId ?? message.id)
      const seen = await untilSeen([...messages.values()], limitMs)
      return [
        ledgerOf('task', [...tasks.keys()], (title) => titles.get(title)?.length ?? 0),
        ledgerOf('message', [...messages.keys()], (clientId) => sent.get(clientId)?.length ?? 0),
        ledgerOf('message on the other device', [...messages.values()], (id) => (seen.has(id) ? timesSeen(id) : 0)),
      ]
    },
    async cleanUp() {
      for (const id of tasks.values()) await writer.tasks.delete(id).catch(() => {})
      await writer.chats.leave(chatId).catch(() => {})
    },
  }

  async function allMessages() {
    const all: { id: string; clientId?: string | null }[] = []
    let before: number | undefined
    for (;;) {
      const page = await writer.chats.messages(chatId, before === undefined ? { limit: 100 } : { limit: 100, before })
      all.push(...(page.messages as typeof all))
      const first = page.messages[0]
      if (!page.hasMore || !first) return all
      before = Math.min(...page.messages.map(({ seq }) => seq))
    }
  }

  /** Once for each number of its changes. */
  function timesSeen(id: string): number {
    return Math.max(1, ...[...received].filter(([key]) => key.startsWith(id)).map(([, times]) => times))
  }

  /** By an event, or in what the device fetched anew after an interruption. */
  async function untilSeen(ids: readonly string[], limitMs: number): Promise<Set<string>> {
    const seen = () => {
      const byEvent = [...received.keys()].map((key) => key.split(' ')[0] as string)
      const shown = reader
        .chat(chatId)
        .getSnapshot()
        .messages.map(({ id }) => id)
      return new Set([...byEvent, ...shown])
    }
    await eventually(
      () => {
        const now = seen()
        if (ids.some((id) => !now.has(id))) throw new Error('Messages are still on their way.')
      },
      { timeoutMs: limitMs, intervalMs: 250 },
    ).catch(() => {})
    return seen()
  }
}

function ledgerOf(effect: string, keys: readonly string[], times: (key: string) => number): LedgerRecord {
  const counts = keys.map(times)
  return {
    effect,
    acknowledged: keys.length,
    done: counts.filter((count) => count > 0).length,
    waiting: 0,
    lost: counts.filter((count) => count === 0).length,
    repeated: counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0),
  }
}
