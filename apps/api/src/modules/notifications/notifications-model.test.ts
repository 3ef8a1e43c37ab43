import type { Notification } from '@muster/realtime/shapes'
import { isLongForm, type ManualClock, manualClock } from '@muster/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { readNotificationChanges } from './notification-changes.service.ts'
import { countOf, listAll, notify, read, readAll, remove } from './testing/notifications-fixtures.ts'

/*
 * Generated sequences of notify, read and delete, through HTTP on a real Postgres, against a model that keeps everything
 * in a list. After each step:
 *
 *  1. The list equals the model: no notification that equals the newest of its type within 10 minutes, at most 60 an
 *     hour and one row for the rest, every security alert, nothing of a type that is turned off.
 *  2. The unread count equals a recount of the list, also after concurrent calls.
 *  3. A client that fetches changes alone, a few at a time, keeps the same list.
 */

type Type = 'general' | 'invite' | 'security'
type Act =
  | { kind: 'tell'; type: Type; message: string }
  /** The notification at this position of the list, if there is one. */
  | { kind: 'read' | 'remove'; place: number }
  | { kind: 'readAll' }
type Command =
  | { kind: 'act'; user: number; act: Act }
  /** Many different ones at once, up to the limit and beyond. */
  | { kind: 'flood'; user: number; count: number }
  | { kind: 'wait'; minutes: number }
  | { kind: 'prefer'; user: number; type: 'general' | 'invite'; inApp: boolean }
  | { kind: 'atOnce'; user: number; acts: Act[] }
type Row = { type: Type; message: string; atMs: number; isRead: boolean; summarized: number | undefined }
type Model = { rows: Row[]; off: Set<Type> }

const minuteMs = 60_000
const userCount = 2
const user = fc.nat({ max: userCount - 1 })
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('tell' as const),
      type: fc.constantFrom<Type[]>('general', 'invite', 'security'),
      message: fc.constantFrom('one', 'two', 'three'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('read' as const, 'remove' as const), place: fc.nat({ max: 70 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'readAll' as const }) },
)
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('act' as const), user, act }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('flood' as const), user, count: fc.constantFrom(1, 35, 61) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), minutes: fc.constantFrom(1, 9, 10, 50, 60) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('prefer' as const),
      user,
      type: fc.constantFrom('general' as const, 'invite' as const),
      inApp: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('atOnce' as const),
      user,
      acts: fc.array(act, { minLength: 2, maxLength: 8 }),
    }),
  },
)

let clock: ManualClock
let api: TestApp
let flooded = 0

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

function notifyModel({ rows, off }: Model, { type, message }: { type: Type; message: string }): void {
  const nowMs = clock.now().getTime()
  const within = (row: Row, minutes: number) => row.atMs > nowMs - minutes * minuteMs
  const isPlain = (row: Row) => row.summarized === undefined
  if (off.has(type)) return
  if (rows.findLast((row) => isPlain(row) && row.type === type && within(row, 10))?.message === message) return
  const counted = rows.filter((row) => isPlain(row) && row.type !== 'security' && within(row, 60))
  if (type === 'security' || counted.length < 60) {
    rows.push({ type, message, atMs: nowMs, isRead: false, summarized: undefined })
    return
  }
  const summary = rows.find((row) => !isPlain(row) && within(row, 60))
  if (summary) Object.assign(summary, { isRead: false, summarized: (summary.summarized ?? 0) + 1 })
  else rows.push({ type: 'general', message: '', atMs: nowMs, isRead: false, summarized: 1 })
}

const summarizedIn = (data: Notification['data']) => (data.event === 'summary' ? data.summarized : undefined)

const shape = (rows: Row[]) =>
  rows.map((row) => JSON.stringify({ ...row, message: row.summarized ? '' : row.message })).sort()

async function shown(client: TestUser): Promise<Row[]> {
  return (await listAll(client)).map(({ type, message, createdAt, isRead, data }) => ({
    type: type as Type,
    message,
    atMs: Date.parse(createdAt),
    isRead,
    summarized: summarizedIn(data),
  }))
}

const notificationTo = ({ userId }: TestUser, type: Type, message: string) => ({ userId, type, title: 'News', message })

async function perform(client: TestUser, given: Act, ids: string[]): Promise<void> {
  const id = 'place' in given ? ids[given.place] : undefined
  if (given.kind === 'tell') await notify(api, [notificationTo(client, given.type, given.message)])
  if (given.kind === 'readAll') await readAll(client)
  if (given.kind === 'read' && id) await read(client, id)
  if (given.kind === 'remove' && id) await remove(client, id)
}

function performModel(model: Model, given: Act, byId: Map<string, Row>, ids: string[]): void {
  const row = 'place' in given ? byId.get(ids[given.place] ?? '') : undefined
  if (given.kind === 'tell') notifyModel(model, given)
  if (given.kind === 'readAll') for (const each of model.rows) each.isRead = true
  if (given.kind === 'read' && row) row.isRead = true
  if (given.kind === 'remove' && row) model.rows.splice(model.rows.indexOf(row), 1)
}

/** Returns the model's row for each notification of the list. */
async function identify(client: TestUser, { rows }: Model): Promise<{ byId: Map<string, Row>; ids: string[] }> {
  const list = await listAll(client)
  const left = [...rows]
  const byId = new Map<string, Row>()
  for (const { id, type, message, createdAt, isRead, data } of list) {
    // Of two that are alike, one may be read: the list equals the model here.
    const place = left.findIndex(
      (row) =>
        row.type === type &&
        row.isRead === isRead &&
        row.atMs === Date.parse(createdAt) &&
        row.summarized === summarizedIn(data) &&
        (row.summarized !== undefined || row.message === message),
    )
    if (place >= 0) byId.set(id, left.splice(place, 1)[0] as Row)
  }
  return { byId, ids: list.map(({ id }) => id) }
}

async function step(users: TestUser[], models: Model[], given: Command): Promise<void> {
  if (given.kind === 'wait') {
    clock.advance(given.minutes * minuteMs)
    return
  }
  const [client, model] = [users[given.user] as TestUser, models[given.user] as Model]
  if (given.kind === 'prefer') {
    const notifications = { [given.type]: { inApp: given.inApp } }
    await client.inject('PUT', '/api/v1/users/me/preferences', { notifications })
    model.off = new Set(given.inApp ? [] : [given.type])
    return
  }
  if (given.kind === 'flood') {
    const messages = Array.from({ length: given.count }, () => `flood ${++flooded}`)
    await notify(
      api,
      messages.map((message) => notificationTo(client, 'general', message)),
    )
    for (const message of messages) notifyModel(model, { type: 'general', message })
    return
  }
  const { byId, ids } = await identify(client, model)
  if (given.kind === 'act') {
    await perform(client, given.act, ids)
    performModel(model, given.act, byId, ids)
    return
  }
  await Promise.all(given.acts.map((each) => perform(client, each, ids)))
  // Their order is not defined; the checks below hold for any order.
  model.rows = (await shown(client)).toReversed()
  const hourAgoMs = clock.now().getTime() - 60 * minuteMs
  const plain = model.rows.filter((row) => row.type !== 'security' && row.summarized === undefined)
  expect(plain.filter(({ atMs }) => atMs > hourAgoMs).length).toBeLessThanOrEqual(60)
}

type Copy = { change: number; byId: Map<string, Notification> }

/** Fetches the changes that a client lacks, a few at a time, and applies them to its copy. */
async function catchUp(copy: Copy, { userId }: TestUser): Promise<void> {
  const wholeChange = copy.change
  const newIds = new Set<string>()
  for (let isComplete = false; !isComplete; ) {
    const { changes, ...read } = await readNotificationChanges(api.deps.db, userId, copy.change, 7)
    expect(read.isLost).toBe(false)
    for (const change of changes) {
      expect(change.change).toBeGreaterThan(copy.change)
      copy.change = change.change
      if ('deletedId' in change) copy.byId.delete(change.deletedId)
      else {
        const isNew = change.createdChange > wholeChange && !newIds.has(change.notification.id)
        expect(isNew).toBe(!copy.byId.has(change.notification.id))
        newIds.add(change.notification.id)
        copy.byId.set(change.notification.id, change.notification)
      }
    }
    if (read.isComplete) expect(copy.change).toBe(read.latest)
    isComplete = read.isComplete
  }
}
const byId = (one: Notification, other: Notification) => (one.id < other.id ? -1 : 1)

test('after any sequence of notify, read and delete, list, count and changes match the model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 25 }), async (commands) => {
      const users = [await api.signUp(), await api.signUp()]
      const models: Model[] = users.map(() => ({ rows: [], off: new Set() }))
      const copies: Copy[] = users.map(() => ({ change: 0, byId: new Map() }))
      for (const given of commands) {
        await step(users, models, given)
        for (const [index, client] of users.entries()) {
          const rows = await shown(client)
          expect(shape(rows)).toEqual(shape((models[index] as Model).rows))
          expect(await countOf(client)).toBe(rows.filter(({ isRead }) => !isRead).length)
          const copy = copies[index] as Copy
          await catchUp(copy, client)
          expect([...copy.byId.values()].sort(byId)).toEqual((await listAll(client)).sort(byId))
        }
      }
    }),
    { numRuns: isLongForm ? 150 : 12, endOnFailure: true },
  )
}, 120_000)
