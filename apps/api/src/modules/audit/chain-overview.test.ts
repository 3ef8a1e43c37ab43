import { formatHead, keepAnnouncedHead, signCheckpoint, signHead } from '@muster/audit'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { chainEvents, eventsUrl, recordVerification, tamper } from './testing/audit-fixtures.ts'

let api: TestApp
let operator: TestUser
beforeAll(async () => {
  api = await buildTestApp()
  operator = await api.signUp({ role: 'operator' })
})
afterAll(() => api.close())

const read = async (path: string) => (await operator.inject('GET', `${eventsUrl}${path}`)).json().data
const chain = async (query = '') => (await read(`/chain${query}`)).chain

test('the log is shown by months, with what retention dropped, what was erased, and where it is broken', async () => {
  const [march, april] = [new Date('2026-03-10T12:00:00Z'), new Date('2026-04-10T12:00:00Z')]
  await chainEvents(api, 3, { createdAt: march })
  const ids = await chainEvents(api, 6, { createdAt: april, actorId: operator.userId })
  const { seq, hash } = await api.db.selectFrom('audit_chain_head').selectAll().executeTakeFirstOrThrow()
  const { audit } = api.deps.config.keys
  const genuine = signHead(audit, { seq, hash: hash.toString('hex') })

  expect(await chain()).toMatchObject({
    head: { seq: 9, hash: hash.toString('hex') },
    months: [
      { month: '2026-03', fromSeq: 1, toSeq: 3 },
      { month: '2026-04', fromSeq: 4, toSeq: 9 },
    ],
    dropped: [],
    announced: null,
    compared: [],
    unknown: [],
  })
  await keepAnnouncedHead(api.redis, genuine)
  const other = signHead(audit, { seq: 4, hash: 'ab'.repeat(32) })
  const beyond = signHead(audit, { seq: 99, hash: 'ab'.repeat(32) })
  const forged = { ...genuine, signature: 'cd'.repeat(32) }
  const compared = await chain(`?head=${[genuine, other, beyond, forged].map(formatHead).join(',')}`)
  expect(compared).toMatchObject({
    announced: formatHead(genuine),
    compared: [{ seq: 9, result: 'matches' }, { result: 'differs' }, { result: 'cut-off' }, { result: 'forged' }],
  })
  expect((await operator.inject('GET', `${eventsUrl}/chain?head=9.abc`)).json().error.details).toMatchObject([
    { path: 'query.head' },
  ])

  // The month of the first three events is dropped, the personal part of two events is erased, and one row is changed.
  const ends = await api.db.selectFrom('audit_events').select(['seq', 'hash', 'previous_hash']).orderBy('seq').execute()
  const [first, third] = [ends[0], ends[2]]
  const checkpoint = signCheckpoint(audit, {
    fromSeq: 1,
    toSeq: 3,
    previousHash: first?.previous_hash as Buffer,
    hash: third?.hash as Buffer,
  })
  await tamper(api.db, 'delete from audit_events where seq <= 3')
  await sql`
    insert into audit_checkpoints (from_seq, to_seq, previous_hash, hash, key_id, signature)
    values (1, 3, ${checkpoint.previousHash}, ${checkpoint.hash}, ${checkpoint.keyId}, ${checkpoint.signature})`.execute(
    api.db,
  )
  await tamper(api.db, `delete from audit_personal where event_id in ('${ids[1]}', '${ids[2]}')`)
  await tamper(api.db, `update audit_events set action = 'task.deleted' where seq = 8`)
  expect(await chain()).toMatchObject({
    months: [{ month: '2026-04', fromSeq: 4, toSeq: 9 }],
    dropped: [{ fromSeq: 1, toSeq: 3, droppedAt: expect.any(String) }],
  })
  const verification = await read('/verify')
  expect(verification).toMatchObject({
    valid: false,
    erased: 2,
    erasedRuns: [{ fromSeq: 5, toSeq: 6, events: 2 }],
    dropped: 3,
    droppedRuns: [{ fromSeq: 1, toSeq: 3, events: 3 }],
    firstBrokenSeq: 5,
    faults: expect.arrayContaining([{ kind: 'changed', seq: 8, eventId: ids[4] }]),
  })
  const { events } = await read('?seq=8')
  expect(events).toMatchObject([{ id: ids[4], seq: 8, action: 'task.deleted', actor: { id: operator.userId } }])
  expect((await read('?seq=3')).events).toEqual([])
})

test('many erased events are told as few runs, each with their number', async () => {
  const { seq } = await api.db.selectFrom('audit_chain_head').select('seq').executeTakeFirstOrThrow()
  await chainEvents(api, 1_500)
  await tamper(
    api.db,
    `delete from audit_personal where event_id in (select id from audit_events where seq > ${seq} and seq % 2 = 0)`,
  )
  const { hash } = await api.db.selectFrom('audit_events').select('hash').where('seq', '=', 9).executeTakeFirstOrThrow()
  const cursors = [`9.${hash.toString('hex')}`]
  const seen: { fromSeq: number; toSeq: number; events: number }[] = []
  for (let cursor = cursors[0]; cursor; ) {
    const { erasedRuns, nextCursor } = await read(`/verify?cursor=${cursor}`)
    expect(erasedRuns.length).toBeLessThanOrEqual(500)
    seen.push(...erasedRuns)
    cursor = nextCursor
  }
  expect(seen.reduce((sum, { events }) => sum + events, 0)).toBe(750)
  for (const [index, run] of seen.entries()) expect(run.fromSeq).toBeGreaterThan(seen[index - 1]?.toSeq ?? 9)
})

test('what the last verification found is told with all its calls, until another one has reached the end', async () => {
  const statusOf = async () => (await operator.inject('GET', '/api/v1/admin/status')).json().data.status
  const told = async () => {
    const { lastVerification } = await chain()
    expect((await statusOf()).auditVerification).toEqual(lastVerification)
    return lastVerification
  }
  const verified = (after: object) => recordVerification(api, after)
  expect(await told()).toBeNull()
  await verified({ fromSeq: 0, toSeq: 5, checked: 5, complete: false, firstBrokenSeq: 4 })
  await verified({ fromSeq: 5, toSeq: 9, checked: 4, complete: true, firstBrokenSeq: null })
  const at = expect.any(String)
  expect(await told()).toEqual({ at, complete: true, checked: 9, toSeq: 9, firstBrokenSeq: 4 })
  await verified({ fromSeq: 0, toSeq: 3, checked: 3, complete: false, firstBrokenSeq: null })
  expect(await told()).toMatchObject({ checked: 9, firstBrokenSeq: 4 })
  await verified({ fromSeq: 0, toSeq: 9, checked: 9, complete: true, firstBrokenSeq: null })
  expect(await told()).toEqual({ at, complete: true, checked: 9, toSeq: 9, firstBrokenSeq: null })
})
