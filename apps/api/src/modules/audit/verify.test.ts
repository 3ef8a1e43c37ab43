import { formatHead, keepAnnouncedHead, signHead } from '@muster/audit'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { chainEvents, eventsUrl, tamper } from './testing/audit-fixtures.ts'

let api: TestApp
let admin: TestUser
const url = `${eventsUrl}/verify`

beforeEach(async () => {
  api = await buildTestApp()
  admin = await api.signUp({ role: 'super_admin' })
})
afterEach(() => api.close())

const verify = async (query = '') => (await admin.inject('GET', `${url}${query}`)).json().data
const headNow = async () => {
  const { seq, hash } = await api.db.selectFrom('audit_chain_head').select(['seq', 'hash']).executeTakeFirstOrThrow()
  return signHead(api.deps.config.keys.audit, { seq, hash: hash.toString('hex') })
}

test('an intact chain is valid, and its verification is recorded', async () => {
  await chainEvents(api, 600)
  const answer = await admin.inject('GET', url)
  const { data } = answer.json()
  expect(data).toMatchObject({ valid: true, complete: true, checked: 600, erased: 0, dropped: 0, faults: [] })
  expect(data).not.toHaveProperty('firstBrokenSeq')
  expect(data).toMatchObject({ nextCursor: null, last: { seq: 600 } })
  const requestId = answer.headers['x-request-id'] as string
  const rows = await api.db.selectFrom('audit_pending').selectAll().where('request_id', '=', requestId).execute()
  expect(rows).toMatchObject([{ action: 'audit.verified', after: { valid: true, checked: 600 } }])
})

test('changed, removed, inserted and cut-off rows are named', async () => {
  const ids = await chainEvents(api, 20)
  await tamper(api.db, `update audit_events set action = 'harmless' where seq = 4`)
  await tamper(api.db, `update audit_personal set ip = '198.51.100.1' where event_id = '${ids[6]}'`)
  await tamper(api.db, 'delete from audit_events where seq = 10')
  await tamper(
    api.db,
    `insert into audit_events select seq, gen_random_uuid(), action, actor_id, target_type, target_id,
       created_at + interval '1 second', personal_digest, key_id, previous_hash, hash from audit_events where seq = 14`,
  )
  await tamper(api.db, 'delete from audit_events where seq > 18')
  expect(await verify()).toMatchObject({
    valid: false,
    firstBrokenSeq: 4,
    faults: [
      { kind: 'changed', seq: 4, eventId: ids[3] },
      { kind: 'personal-changed', seq: 7, eventId: ids[6] },
      { kind: 'removed', seq: 10, toSeq: 10 },
      { kind: 'inserted', seq: 14 },
      { kind: 'cut-off', seq: 19, toSeq: 20 },
    ],
  })
})

test('a row before the first number is refused, and named when it exists nonetheless', async () => {
  await chainEvents(api, 3)
  const insert = `insert into audit_events select -7, gen_random_uuid(), action, actor_id, target_type, target_id, created_at,
    personal_digest, key_id, previous_hash, hash from audit_events where seq = 2`
  await expect(sql.raw(insert).execute(api.db)).rejects.toThrow('audit_events_seq_check')
  await tamper(api.db, 'alter table audit_events drop constraint audit_events_seq_check')
  await tamper(api.db, insert)
  expect(await verify()).toMatchObject({ valid: false, firstBrokenSeq: -7, faults: [{ kind: 'inserted', seq: -7 }] })
})

test('a missing personal part is named, unless an event records its erasure', async () => {
  const [first, second] = [await api.signUp(), await api.signUp()]
  const [kept] = await chainEvents(api, 1, { actorId: first.userId })
  const [gone] = await chainEvents(api, 1, { actorId: second.userId })
  await tamper(api.db, `delete from audit_personal where event_id in ('${kept}', '${gone}')`)
  await chainEvents(api, 1, { action: 'user.anonymisation_began', targetType: 'user', targetId: first.userId })
  expect(await verify()).toMatchObject({
    valid: false,
    erased: 2,
    faults: [{ kind: 'personal-removed', seq: 2, eventId: gone }],
  })
})

test('an end cut off with the database’s head is detected by a head in Redis or of the caller', async () => {
  await chainEvents(api, 9)
  const head = await headNow()
  await tamper(api.db, 'delete from audit_events where seq > 5')
  await tamper(api.db, 'update audit_chain_head set seq = 5, hash = (select hash from audit_events where seq = 5)')
  expect(await verify()).toMatchObject({ valid: true, heads: 0 })
  const cutOff = { valid: false, heads: 1, firstBrokenSeq: 6, faults: [{ kind: 'cut-off', seq: 6, toSeq: 9 }] }
  expect(await verify(`?head=${formatHead(head)}`)).toMatchObject(cutOff)
  await keepAnnouncedHead(api.redis, head)
  expect(await verify()).toMatchObject(cutOff)
  // Events that are chained after the cut do not hide it.
  await chainEvents(api, 9)
  expect(await verify()).toMatchObject({ valid: false, faults: [{ kind: 'head-mismatch', seq: 9 }] })
})

test('a head with a false signature is named; a malformed one is refused', async () => {
  await chainEvents(api, 2)
  const head = { ...(await headNow()), seq: 1 }
  expect(await verify(`?head=${formatHead(head)}`)).toMatchObject({ faults: [{ kind: 'head-forged', seq: 1 }] })
  for (const query of ['?head=nonsense', '?cursor=5', '?from=1']) {
    const answer = await admin.inject('GET', `${url}${query}`)
    expect([query, answer.json().error.code]).toEqual([query, 'VALIDATION_FAILED'])
  }
})

test('a verification continues at the cursor of an earlier one', async () => {
  await chainEvents(api, 10)
  const { hash } = await api.db.selectFrom('audit_events').select('hash').where('seq', '=', 6).executeTakeFirstOrThrow()
  const rest = `?cursor=6.${hash.toString('hex')}`
  expect(await verify(rest)).toMatchObject({ valid: true, complete: true, checked: 4, last: { seq: 10 } })
  await tamper(api.db, `update audit_events set action = 'harmless' where seq = 9`)
  expect(await verify(rest)).toMatchObject({ valid: false, firstBrokenSeq: 9 })
})

test('a cursor that names no event is refused, also at the end and beyond', async () => {
  await chainEvents(api, 10)
  const { hash } = await api.db.selectFrom('audit_events').select('hash').where('seq', '=', 6).executeTakeFirstOrThrow()
  const known = hash.toString('hex')
  const [zeros, others] = ['0'.repeat(64), 'a'.repeat(64)]
  for (const cursor of [
    `11.${known}`,
    `999999999999999.${others}`,
    `6.${others}`,
    `6.${zeros}`,
    `10.${known}`,
    `0.${others}`,
    `00.${known}`,
    `6.${known.toUpperCase()}`,
    `-1.${known}`,
  ]) {
    const answer = await admin.inject('GET', `${url}?cursor=${cursor}`)
    expect([cursor, answer.statusCode, answer.json().error.code]).toEqual([cursor, 400, 'VALIDATION_FAILED'])
    expect(answer.json().error.details).toMatchObject([{ path: 'query.cursor' }])
  }
  expect(await api.db.selectFrom('audit_pending').where('action', '=', 'audit.verified').selectAll().execute()).toEqual(
    [],
  )
  // The event that the cursor names may be cut off between two calls.
  await tamper(api.db, 'delete from audit_events where seq > 4')
  expect((await admin.inject('GET', `${url}?cursor=6.${known}`)).statusCode).toBe(400)
  expect(await verify()).toMatchObject({ valid: false, faults: [{ kind: 'cut-off', seq: 5, toSeq: 10 }] })
})

test('a verification ends after a hundred faults, and the cursor leads to the next', async () => {
  await chainEvents(api, 1_500)
  await tamper(api.db, `update audit_events set action = 'harmless' where seq in (select generate_series(1, 1400, 10))`)
  const first = await verify()
  expect(first).toMatchObject({ valid: false, complete: false, firstBrokenSeq: 1 })
  expect(first.faults).toHaveLength(100)
  const second = await verify(`?cursor=${first.nextCursor}`)
  expect(second).toMatchObject({ valid: false, complete: true, nextCursor: null })
  expect(second.faults).toHaveLength(40)
})

test('of concurrent verifications one runs and the others are OVERLOADED', async () => {
  await chainEvents(api, 1_000)
  const answers = await Promise.all(Array.from({ length: 20 }, () => admin.inject('GET', url)))
  const statuses = answers.map(({ statusCode }) => statusCode)
  expect(statuses.filter((status) => status === 200)).toHaveLength(1)
  expect(statuses.filter((status) => status === 503)).toHaveLength(19)
  expect(answers.find(({ statusCode }) => statusCode === 503)?.headers['retry-after']).toBe('5')
  expect((await admin.inject('GET', url)).statusCode).toBe(200)
})

test('a role that cannot read the log cannot verify it', async () => {
  expect((await (await api.signUp()).inject('GET', url)).statusCode).toBe(403)
  expect((await (await api.signUp({ role: 'operator' })).inject('GET', url)).statusCode).toBe(200)
})
