import { newId } from '@muster/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

const events = '/api/v1/admin/audit-events'

async function chainEvents(count: number, action: string): Promise<void> {
  const { max } = await api.db
    .selectFrom('audit_events')
    .select(({ fn }) => fn.max('seq').as('max'))
    .executeTakeFirstOrThrow()
  const rows = Array.from({ length: count }, (_, index) => ({
    seq: (max ?? 0) + index + 1,
    id: newId(),
    action,
    target_type: 'task',
    target_id: String(index),
    created_at: new Date(),
    personal_digest: Buffer.alloc(32),
    key_id: 'k1',
    previous_hash: Buffer.alloc(32),
    hash: Buffer.alloc(32),
  }))
  await api.db.insertInto('audit_events').values(rows).execute()
}

test('platform roles read it, others do not', async () => {
  for (const role of ['super_admin', 'site_admin', 'operator'] as const) {
    expect((await (await api.signUp({ role })).inject('GET', events)).statusCode).toBe(200)
  }
  for (const role of ['client_admin', 'client_user'] as const) {
    expect((await (await api.signUp({ role })).inject('GET', events)).statusCode).toBe(403)
  }
  expect((await api.connect().inject('GET', events)).statusCode).toBe(401)
})

test('paging by cursor shows every event of the filter once, the newest first', async () => {
  await chainEvents(25, 'paged.event')
  await chainEvents(3, 'other.event')
  const admin = await api.signUp({ role: 'super_admin' })
  const seen: number[] = []
  let cursor = ''
  do {
    const page = (
      await admin.inject('GET', `${events}?action=paged.event&limit=10${cursor && `&cursor=${cursor}`}`)
    ).json()
    seen.push(...page.data.events.map(({ seq }: { seq: number }) => seq))
    cursor = page.pagination.nextCursor
  } while (cursor)
  expect(seen).toHaveLength(25)
  expect(seen).toEqual([...seen].sort((a, b) => b - a))
})

test('a filter that is none, or is given twice, is refused by name', async () => {
  const admin = await api.signUp({ role: 'operator' })
  for (const query of ['limit=0', 'limit=101', 'actorId=me', 'colour=red', 'action=a&action=b']) {
    const answer = await admin.inject('GET', `${events}?${query}`)
    expect([query, answer.json().error.code]).toEqual([query, 'VALIDATION_FAILED'])
    expect(answer.json().error.details[0].path).toMatch(/^query/)
  }
})

test('the chain in the database refuses to be changed', async () => {
  await chainEvents(1, 'kept.event')
  for (const statement of [
    api.db.updateTable('audit_events').set({ action: 'forged' }),
    api.db.deleteFrom('audit_events'),
  ]) {
    await expect(statement.execute()).rejects.toThrow(/append-only/)
  }
})

test('a time that ends before it begins is refused', async () => {
  const admin = await api.signUp({ role: 'operator' })
  const answer = await admin.inject('GET', `${events}?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z`)
  expect([answer.statusCode, answer.json().error.details]).toEqual([
    400,
    [{ path: 'query.to', message: 'is before from' }],
  ])
})
