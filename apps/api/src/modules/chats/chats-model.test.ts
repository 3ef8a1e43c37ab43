import type { ChatChange } from '@muster/realtime/events'
import type { Message } from '@muster/realtime/shapes'
import { isLongForm } from '@muster/testing'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { joining } from '../organizations/testing/organization-fixtures.ts'
import {
  addMember,
  changesOf,
  chatOf,
  chatsUrl,
  createGroup,
  messagesOf,
  messagesUrl,
  recountUnread,
  removeMember,
  send,
  trySend,
} from './testing/chat-fixtures.ts'

/*
 * Several users send, edit, delete, react, read, leave and join at once. What each of them builds from changes must equal what a fresh
 * reader gets, and all numbers must be gapless.
 */

let api: TestApp
let users: TestUser[]

beforeAll(async () => {
  api = await buildTestApp()
  const ann = await api.signUp()
  users = [ann, ...(await Promise.all([1, 2, 3].map(() => joining(api, ann))))]
})
afterAll(() => api.close())

const action = fc.record({
  kind: fc.constantFrom('send', 'send', 'reply', 'edit', 'delete', 'react', 'unreact', 'read', 'toggle', 'sync'),
  by: fc.nat(3),
  target: fc.nat(20),
  emoji: fc.constantFrom('👍', '🎉'),
})
type Action = typeof action extends fc.Arbitrary<infer One> ? One : never

/** The state of the chat as one user knows it. `cursor` is the latest change that they have applied. */
class Reader {
  readonly #messages = new Map<string, Message>()
  #cursor = 0
  readonly user: TestUser
  readonly #chatId: string
  isMember = true

  constructor(user: TestUser, chatId: string) {
    this.user = user
    this.#chatId = chatId
  }

  async sync(): Promise<void> {
    const answer = await this.user.inject('GET', `${chatsUrl}/${this.#chatId}/changes?after=${this.#cursor}`)
    if (answer.statusCode === 404) return
    const { changes, resync, latest } = dataOf(answer) as { changes: ChatChange[]; resync: boolean; latest: number }
    if (resync) return this.#refetch()
    const numbers = changes.map(({ change }) => change)
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other))
    for (const change of changes) this.#apply(change)
    this.#cursor = latest
  }

  async #refetch(): Promise<void> {
    const answer = await this.user.inject('GET', `${chatsUrl}/${this.#chatId}`)
    if (answer.statusCode === 404) return
    this.#cursor = dataOf(answer).chat.change
    this.#messages.clear()
    for (const message of await messagesOf(this.user, this.#chatId, '?limit=100'))
      this.#messages.set(message.id, message)
  }

  #apply(change: ChatChange): void {
    if (change.kind !== 'message') return
    const { message } = change
    const known = this.#messages.get(message.id)
    if (!known || known.change <= message.change) this.#messages.set(message.id, message)
    // A quote shows its message as it is now.
    for (const reply of this.#messages.values())
      if (reply.replyTo?.id === message.id && !reply.replyTo.hidden) reply.replyTo.body = message.body
  }

  shown = () => [...this.#messages.values()].sort((one, other) => one.seq - other.seq)
}

async function perform(readers: Reader[], chatId: string, known: Message[], { kind, by, target, emoji }: Action) {
  const { user } = readers[by] as Reader
  const message = known[target % Math.max(1, known.length)]
  const url = `${messagesUrl(chatId)}/${message?.id}`
  const reaction = `${url}/reactions/${encodeURIComponent(emoji)}`
  const call = () => {
    if (kind === 'send') return trySend(user, chatId, { body: `By ${by}` })
    if (kind === 'read') return user.inject('PUT', `${chatsUrl}/${chatId}/read`, { seq: target })
    if (!message) return undefined
    if (kind === 'reply') return trySend(user, chatId, { body: 'Indeed', replyToId: message.id })
    if (kind === 'edit') return user.inject('PATCH', url, { body: `Edited ${target}` })
    if (kind === 'delete') return user.inject('DELETE', url)
    if (kind === 'react') return user.inject('PUT', reaction)
    return kind === 'unreact' ? user.inject('DELETE', reaction) : undefined
  }
  const answer = await call()
  expect(answer?.statusCode ?? 200, answer?.body).toBeLessThan(500)
}

/** Lets a user other than the admin leave, or join again. */
async function toggle(readers: Reader[], chatId: string, { by }: Action) {
  const reader = readers[by] as Reader
  if (by === 0) return
  await (reader.isMember ? removeMember : addMember)(users[0] as TestUser, chatId, reader.user)
  reader.isMember = !reader.isMember
}

async function assertNumbers(chatId: string) {
  const { rows } = await sql<{ change: number; latest: number; lastSeq: number; seq: number | null }>`
    select numbered.change, numbered.seq, chats.change as latest, chats.seq as "lastSeq" from chats join (
      select chat_id, change, seq from messages union all select chat_id, change, null from chat_members
      union all select id, own_change, null from chats
    ) numbered on numbered.chat_id = chats.id where chats.id = ${chatId}`.execute(api.db)
  const changes = rows.map(({ change }) => change)
  expect(new Set(changes).size).toBe(changes.length)
  expect(Math.max(...changes)).toBe(rows[0]?.latest)
  const seqs = rows.flatMap(({ seq }) => seq ?? []).sort((one, other) => one - other)
  expect(seqs).toEqual(Array.from({ length: rows[0]?.lastSeq ?? 0 }, (_, index) => index + 1))
}

async function assertViews(readers: Reader[], chatId: string) {
  for (const reader of readers) {
    await reader.sync()
    if (!reader.isMember) {
      expect((await reader.user.inject('GET', `${chatsUrl}/${chatId}`)).statusCode).toBe(404)
      continue
    }
    const fresh = await messagesOf(reader.user, chatId, '?limit=100')
    expect(reader.shown()).toEqual(fresh)
    const { unreadCount, lastMessage, change } = await chatOf(reader.user, chatId)
    expect(unreadCount).toBe(await recountUnread(api, chatId, reader.user))
    expect(lastMessage).toEqual(fresh.at(-1) ?? null)
    expect((await changesOf(reader.user, chatId, change)).changes).toEqual([])
  }
}

test('numbers stay gapless, and changes lead to what a fresh reader sees, whoever writes at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(action, { minLength: 2, maxLength: 8 }), { maxLength: 5 }), async (rounds) => {
      const [ann, ...others] = users as [TestUser, ...TestUser[]]
      const { id } = await createGroup(ann, others)
      const readers = users.map((user) => new Reader(user, id))
      await send(ann, id)
      for (const round of rounds) {
        const known = await messagesOf(ann, id, '?limit=100')
        const toggling = new Map(round.filter(({ kind }) => kind === 'toggle').map((one) => [one.by, one]))
        await Promise.all([
          ...round.map((one) =>
            one.kind === 'sync' ? readers[one.by]?.sync() : one.kind !== 'toggle' && perform(readers, id, known, one),
          ),
          ...[...toggling.values()].map((one) => toggle(readers, id, one)),
        ])
      }
      await assertNumbers(id)
      await assertViews(readers, id)
    }),
    { numRuns: isLongForm ? 150 : 12, endOnFailure: true },
  )
}, 120_000)
