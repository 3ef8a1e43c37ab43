import { verifyChain } from '@muster/audit'
import { newId } from '@muster/db'
import { retentionJobs } from '@muster/jobs/definitions'
import { eventually, insertUser, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { countRows, createHarness, type Harness, insertPending, keys, retention, tamper } from '../testing/harness.ts'

const now = new Date('2026-11-21T04:00:00.000Z')
const dayMs = 86_400_000
const ago = (ms: number) => new Date(now.getTime() - ms)

let harness: Harness
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness.close())

const start = (changed: Partial<typeof retention> = {}) =>
  harness.start({ clock: manualClock(now), retention: { ...retention, ...changed } })

const idsIn = async (table: string, column = 'id'): Promise<string[]> => {
  const { rows } = await sql<{ id: string }>`select ${sql.ref(column)}::text as id from ${sql.table(table)}`.execute(
    harness.db,
  )
  return rows.map(({ id }) => id).sort()
}

describe('a sweep deletes old rows and keeps the others:', () => {
  test('notifications', async () => {
    const { id: userId } = await insertUser(harness.db)
    const made = (createdAt: Date) => ({
      id: newId(),
      user_id: userId,
      type: 'general',
      title: 'a',
      message: 'a',
      created_at: createdAt,
    })
    const [old, young] = [made(ago(91 * dayMs)), made(ago(89 * dayMs))]
    await harness.db.insertInto('notifications').values([old, young]).execute()
    start()
    await harness.runJob(retentionJobs.notifications)
    expect(await idsIn('notifications')).toEqual([young.id])
  })

  test('changes of deleted notifications, and remembers up to which number they are missing', async () => {
    const { id: user_id } = await insertUser(harness.db)
    const rows = [newId(), newId(), newId()].map((id) => ({ id, user_id, type: 'general', title: 'a', message: 'a' }))
    await harness.db.insertInto('notifications').values(rows).execute()
    const [old, young, kept] = rows.map(({ id }) => id) as [string, string, string]
    for (const id of [old, young]) await harness.db.deleteFrom('notifications').where('id', '=', id).execute()
    for (const [id, deleted_at] of [
      [old, ago(91 * dayMs)],
      [young, ago(89 * dayMs)],
    ] as const)
      await harness.db
        .updateTable('notification_changes')
        .set({ deleted_at })
        .where('notification_id', '=', id)
        .execute()
    start()
    await harness.runJob(retentionJobs.notificationChanges)
    expect(await idsIn('notification_changes', 'notification_id')).toEqual([young, kept].sort())
    expect(await harness.db.selectFrom('notification_counters').selectAll().execute()).toEqual([
      { user_id, change: 5, removed_change: 4 },
    ])
  })

  test('mails, but never one that is not sent yet', async () => {
    const mail = (status: string, createdAt: Date) => ({
      id: newId(),
      template: 'welcome',
      to_address: 'a@example.test',
      status,
      created_at: createdAt,
    })
    const old = ['sent', 'failed', 'dropped'].map((status) => mail(status, ago(31 * dayMs)))
    const kept = [mail('queued', ago(31 * dayMs)), mail('sending', ago(31 * dayMs)), mail('sent', ago(29 * dayMs))]
    await harness.db
      .insertInto('email_messages')
      .values([...old, ...kept])
      .execute()
    start()
    await harness.runJob(retentionJobs.mails)
    expect(await idsIn('email_messages')).toEqual(kept.map(({ id }) => id).sort())
  })

  test('idempotency keys', async () => {
    const { id: actorId } = await insertUser(harness.db)
    const key = (name: string, createdAt: Date) => ({
      actor_id: actorId,
      route: 'tasks',
      key: name,
      body_hash: Buffer.alloc(32),
      resource_id: newId(),
      created_at: createdAt,
    })
    await harness.db
      .insertInto('idempotency_keys')
      .values([key('old', ago(dayMs + 1)), key('young', ago(dayMs - 1))])
      .execute()
    start()
    await harness.runJob(retentionJobs.idempotencyKeys)
    expect(await idsIn('idempotency_keys', 'key')).toEqual(['young'])
  })

  test('sessions that expired or were revoked', async () => {
    const { id: userId } = await insertUser(harness.db)
    const session = (expiresAt: Date, revokedAt: Date | null = null) => ({
      id: newId(),
      user_id: userId,
      seed: Buffer.alloc(32),
      rotated_at: now,
      created_at: ago(100 * dayMs),
      last_used_at: now,
      expires_at: expiresAt,
      revoked_at: revokedAt,
    })
    const [expired, revoked] = [session(ago(91 * dayMs)), session(now, ago(91 * dayMs))]
    const kept = [session(ago(89 * dayMs)), session(now), session(ago(10 * dayMs), ago(89 * dayMs))]
    await harness.db
      .insertInto('sessions')
      .values([expired, revoked, ...kept])
      .execute()
    start()
    await harness.runJob(retentionJobs.sessions)
    expect(await idsIn('sessions')).toEqual(kept.map(({ id }) => id).sort())
  })

  test('challenges, password resets and failed sign-ins', async () => {
    const { id: userId } = await insertUser(harness.db)
    for (const [age, name] of [
      [8 * dayMs, 'old'],
      [6 * dayMs, 'young'],
    ] as const) {
      const own = { user_id: userId, expires_at: ago(age), created_at: ago(age) }
      await harness.db
        .insertInto('two_factor_challenges')
        .values({ ...own, id: newId(), purpose: 'sign-in', method: 'otp' })
        .execute()
      await harness.db
        .insertInto('password_resets')
        .values({ ...own, id: newId() })
        .execute()
      await harness.db
        .insertInto('sign_in_failures')
        .values({ key: name, failures: 1, updated_at: ago(age) })
        .execute()
    }
    start()
    for (const job of [retentionJobs.challenges, retentionJobs.passwordResets, retentionJobs.signInFailures])
      await harness.runJob(job)
    expect(await idsIn('two_factor_challenges')).toHaveLength(1)
    expect(await idsIn('password_resets')).toHaveLength(1)
    expect(await idsIn('sign_in_failures', 'key')).toEqual(['young'])
  })

  test('the ledger of morning digests', async () => {
    const { id: userId } = await insertUser(harness.db)
    const sent = (ageDays: number) => ({
      id: newId(),
      user_id: userId,
      local_date: ago(ageDays * dayMs),
      scheduled_at: ago(ageDays * dayMs),
      status: 'sent',
      late: false,
      created_at: ago(ageDays * dayMs),
    })
    const [old, young] = [sent(91), sent(89)]
    await harness.db.insertInto('digest_deliveries').values([old, young]).execute()
    start()
    await harness.runJob(retentionJobs.digests)
    expect(await idsIn('digest_deliveries')).toEqual([young.id])
  })

  test('by the retention of the environment', async () => {
    await harness.db
      .insertInto('sign_in_failures')
      .values({ key: 'k', failures: 1, updated_at: ago(8 * dayMs) })
      .execute()
    start({ signInFailuresMs: 9 * dayMs })
    await harness.runJob(retentionJobs.signInFailures)
    expect(await idsIn('sign_in_failures', 'key')).toEqual(['k'])
  })

  test('also more rows than one statement deletes', async () => {
    await sql`insert into sign_in_failures (key, failures, updated_at)
      select n::text, 1, ${ago(30 * dayMs)} from generate_series(1, 4500) n`.execute(harness.db)
    start()
    await harness.runJob(retentionJobs.signInFailures)
    expect(await idsIn('sign_in_failures', 'key')).toEqual([])
  })
})

describe('months of the audit log', () => {
  /** Chains events of these times in this order. */
  async function chain(...moments: string[]): Promise<string[]> {
    const ids: string[] = []
    for (const moment of moments) {
      const [id = ''] = await insertPending(harness.db, 1)
      await sql`update audit_pending set created_at = ${moment} where id = ${id}`.execute(harness.db)
      ids.push(id)
    }
    const worker = harness.start({ pollIntervalMs: 20 })
    await eventually(async () => expect(await countRows(harness.db)).toMatchObject({ pending: 0 }))
    await worker.close()
    return ids
  }
  const months = async () => {
    const { rows } = await sql<{ name: string }>`
      select relname as name from pg_inherits join pg_class on oid = inhrelid
      where inhparent = 'audit_events'::regclass order by 1`.execute(harness.db)
    return rows.map(({ name }) => name.replace('audit_events_', ''))
  }
  const verify = () => verifyChain(harness.db, keys)
  const dropOld = async () => {
    const worker = start()
    await harness.runJob(retentionJobs.auditMonths)
    await worker.close()
  }

  test('are dropped after 24 whole months, and signed checkpoints keep the chain verifiable', async () => {
    await chain(
      '2024-09-10T00:00:00Z',
      '2024-09-30T23:59:59Z',
      // Around midnight the order of the chain differs from that of time.
      '2024-10-01T00:00:00.001Z',
      '2024-09-30T23:59:59.999Z',
      '2024-10-20T00:00:00Z',
      '2024-11-01T00:00:00Z',
      '2026-11-20T00:00:00Z',
    )
    await dropOld()
    // At the end of October 2026, 24 whole months have passed since October 2024, but not since November.
    expect((await months()).slice(0, 1)).toEqual(['2024_11'])
    const checkpoints = await harness.db.selectFrom('audit_checkpoints').selectAll().orderBy('from_seq').execute()
    expect(checkpoints.map(({ from_seq, to_seq }) => [from_seq, to_seq])).toEqual([
      [1, 2],
      [3, 3],
      [4, 4],
      [5, 5],
    ])
    expect(await verify()).toMatchObject({ ok: true, droppedRows: 5, faults: [] })
    const { rows } =
      await sql`select count(*) as n from audit_personal where event_id not in (select id from audit_events)`.execute(
        harness.db,
      )
    expect(rows).toEqual([{ n: 0 }])
    const noted = await sql`
      select target_id, after from audit_pending where action = 'audit.month_dropped'
      union all select target_id, after from audit_events join audit_personal on event_id = id where action = 'audit.month_dropped'
      order by target_id`.execute(harness.db)
    expect(noted.rows).toMatchObject([
      { target_id: '2024-09', after: { events: 3 } },
      { target_id: '2024-10', after: { events: 2 } },
    ])
  })

  test('a month dropped without a checkpoint, or with a forged one, is reported as removed', async () => {
    await chain('2024-09-10T00:00:00Z', '2024-10-10T00:00:00Z', '2026-11-20T00:00:00Z')
    await sql`drop table audit_events_2024_09`.execute(harness.db)
    expect(await verify()).toMatchObject({ ok: false, faults: [{ kind: 'removed', seq: 1, toSeq: 1 }] })
    await sql`
      insert into audit_checkpoints (from_seq, to_seq, previous_hash, hash, key_id, signature)
      select 1, 1, decode(repeat('00', 32), 'hex'), previous_hash, 'k1', decode(repeat('00', 32), 'hex')
      from audit_events where seq = 2`.execute(harness.db)
    expect((await verify()).faults).toEqual([
      { kind: 'checkpoint-forged', seq: 1, toSeq: 1 },
      { kind: 'removed', seq: 1, toSeq: 1 },
    ])
  })

  test('a month with a changed row is kept, and the others are dropped', async () => {
    await chain('2024-09-10T00:00:00Z', '2024-10-10T00:00:00Z', '2026-11-20T00:00:00Z')
    await tamper(harness.db, `update audit_events set action = 'harmless' where seq = 1`)
    await dropOld()
    expect(await months()).toContain('2024_09')
    expect(await months()).not.toContain('2024_10')
    expect(await verify()).toMatchObject({ ok: false, droppedRows: 1, faults: [{ kind: 'changed', seq: 1 }] })
  })

  test('a removed row of a dropped month is still reported', async () => {
    await chain('2024-09-10T00:00:00Z', '2024-09-11T00:00:00Z', '2024-09-12T00:00:00Z', '2026-11-20T00:00:00Z')
    await tamper(harness.db, 'delete from audit_events where seq = 3')
    await dropOld()
    expect(await verify()).toMatchObject({ ok: false, faults: [{ kind: 'removed', seq: 3, toSeq: 3 }] })
  })

  test('two workers drop each month once while events are chained', async () => {
    await chain('2024-09-10T00:00:00Z', '2024-10-10T00:00:00Z')
    const [one, other] = [start(), start()]
    await insertPending(harness.db, 500)
    await Promise.all([
      harness.runJob(retentionJobs.auditMonths),
      harness.runJob(retentionJobs.auditMonths),
      insertPending(harness.db, 500),
    ])
    await eventually(async () => expect(await countRows(harness.db)).toMatchObject({ pending: 0 }))
    await Promise.all([one.close(), other.close()])
    expect(await verify()).toMatchObject({ ok: true, droppedRows: 2 })
  })

  test('checkpoints cannot be changed or deleted', async () => {
    await chain('2024-09-10T00:00:00Z')
    await dropOld()
    for (const statement of [
      'update audit_checkpoints set to_seq = 9',
      'delete from audit_checkpoints',
      'truncate audit_checkpoints',
    ]) {
      await expect(sql.raw(statement).execute(harness.db)).rejects.toThrow('audit_checkpoints is append-only')
    }
  })
})
