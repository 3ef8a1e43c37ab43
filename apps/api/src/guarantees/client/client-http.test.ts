import { type Muster, MusterError } from '@muster/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { musterOf } from '../../testing/muster-of.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

let api: TestApp
let base: string
let ann: TestUser
let muster: Muster
/** Requests that the client of Ann has sent, and what happens to them. */
let sent: Request[] = []
let intercept: (request: Request) => Promise<Response> = (request) => fetch(request)

beforeAll(async () => {
  api = await buildTestApp()
  base = await api.listen()
  ann = await api.signUp()
  muster = await musterOf(ann, base, {
    fetch: (request) => {
      sent.push(request.clone())
      return intercept(request)
    },
  })
})
afterAll(() => api.close())

/** Lets the given function decide about the next requests, as long as it returns something. */
async function during<T>(decide: (count: number, request: Request) => Promise<Response>, run: () => Promise<T>) {
  sent = []
  intercept = (request) => decide(sent.length, request)
  try {
    return await run()
  } finally {
    intercept = (request) => fetch(request)
  }
}

const lost = () => Promise.reject(new TypeError('fetch failed'))

describe('a call', () => {
  test('returns the resource without envelope, and keeps commas of an item', async () => {
    const task = await muster.tasks.create({ title: 'Water the ferns', category: 'home, garden' })
    expect((await muster.tasks.get(task.id)).title).toBe('Water the ferns')
    const { items } = await muster.tasks.list({ category: ['home, garden', 'other'] })
    expect(items.map(({ id }) => id)).toEqual([task.id])
  })

  test('throws one error with code, status and the fault of each field', async () => {
    const error = await muster.tasks.create({ title: '', priority: 'none' as never }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(MusterError)
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED', status: 400, requestId: expect.any(String) })
    expect((error as MusterError).fieldErrors).toMatchObject({
      title: { code: 'TOO_SHORT', params: { min: 3 } },
      priority: { code: 'NOT_ONE_OF' },
    })
  })

  test('names an answer that is not Muster’s as such', async () => {
    const page = async () =>
      new Response('<html>Sign in to the hotel</html>', { headers: { 'content-type': 'text/html' } })
    await expect(during(page, () => muster.users.me())).rejects.toMatchObject({ code: 'UNEXPECTED_ANSWER' })
  })

  test('ends at once by its signal, also while it waits for a retry', async () => {
    const busy = async () => refusal(503, { 'retry-after': '9' })
    const call = during(busy, () => muster.users.me({ signal: AbortSignal.timeout(100) }))
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(sent).toHaveLength(1)
  })

  test('ends by its time limit when no answer comes', async () => {
    const hang = (_: number, { signal }: Request) =>
      new Promise<Response>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const call = during(hang, () => muster.users.me({ timeoutMs: 50, maxAttempts: 2 }))
    await expect(call).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(sent).toHaveLength(2)
  })
})

describe('a retry', () => {
  test('of a creation whose answer was lost creates nothing twice', async () => {
    const task = await during(
      async (count, request) => {
        const response = await fetch(request)
        return count === 1 ? lost() : response
      },
      () => muster.tasks.create({ title: 'Only once' }),
    )
    expect(sent).toHaveLength(2)
    const { items } = await muster.tasks.list({ q: '"Only once"' })
    expect(items.map(({ id }) => id)).toEqual([task.id])
  })

  test('waits for Retry-After, for any method', async () => {
    const startedMs = performance.now()
    const decide = (count: number, request: Request) =>
      count === 1 ? Promise.resolve(refusal(429, { 'retry-after': '1' })) : fetch(request)
    await during(decide, () => muster.auth.sendConfirmationCode())
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(1_000)
    expect(sent).toHaveLength(2)
  })

  test('does not happen when the wait is long: the caller learns how long', async () => {
    const locked = async () => refusal(429, { 'retry-after': '600' })
    await expect(during(locked, () => muster.users.me())).rejects.toMatchObject({ retryAfter: 600 })
    expect(sent).toHaveLength(1)
  })

  test('does not follow a lost answer to a call that may not be repeated', async () => {
    await expect(during(lost, () => muster.auth.sendConfirmationCode())).rejects.toMatchObject({ code: 'NETWORK' })
    expect(sent).toHaveLength(1)
    await expect(during(lost, () => muster.users.me({ maxAttempts: 3 }))).rejects.toMatchObject({ code: 'NETWORK' })
    expect(sent).toHaveLength(3)
  })
})

describe('an edit', () => {
  test('sends the version that the client has seen, of a list too, and meets STALE', async () => {
    const { id } = await muster.tasks.create({ title: 'First' })
    await muster.tasks.update(id, { title: 'Second' })
    await ann.inject('PATCH', `/api/v1/tasks/${id}`, { title: 'Third, elsewhere' })
    await expect(muster.tasks.update(id, { title: 'Fourth' })).rejects.toMatchObject({ code: 'STALE', status: 412 })
    await muster.tasks.list({ q: 'elsewhere' })
    expect((await muster.tasks.update(id, { title: 'Fourth' })).title).toBe('Fourth')
    await ann.inject('PATCH', `/api/v1/tasks/${id}`, { title: 'Fifth, elsewhere' })
    expect((await muster.tasks.update(id, { title: 'Sixth' }, { ifMatch: false })).title).toBe('Sixth')
    await ann.inject('PATCH', `/api/v1/tasks/${id}`, { title: 'Seventh, elsewhere' })
    await expect(muster.tasks.delete(id)).rejects.toMatchObject({ code: 'STALE' })
  })
})

describe('a list', () => {
  test('is read to its end by cursor, and by numbers where it has no cursor or the caller asks', async () => {
    const titles = Array.from({ length: 7 }, (_, index) => `Listed ${index}`)
    for (const title of titles) await muster.tasks.create({ title })
    const read: string[] = []
    for await (const { title } of muster.tasks.list({ q: 'listed', sort: 'title', limit: 3 })) read.push(title)
    expect(read).toEqual(titles)
    const sizes: number[] = []
    const numbered = muster.tasks.list({ q: 'listed', page: 1, limit: 3 })
    for await (const { items } of numbered.pages()) sizes.push(items.length)
    expect(sizes).toEqual([3, 3, 1])
    const first = await numbered
    const last = await (await first.next())?.next()
    expect([last?.items.length, await last?.next()]).toEqual([1, undefined])
    expect(await muster.tasks.list({ q: 'listed', limit: 3 }).toArray({ max: 4 })).toHaveLength(4)
    expect(await muster.friends.list().toArray()).toEqual([])
  })
})

const refusal = (status: number, headers: Record<string, string>) =>
  Response.json(
    {
      success: false,
      message: 'Wait.',
      error: { code: status === 429 ? 'RATE_LIMITED' : 'OVERLOADED', requestId: 'r' },
    },
    { status, headers },
  )
