import { keyRingNames } from '@muster/config'
import { newId } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { seal, totpSealContext } from '@muster/security/seal'
import { createTestDatabase, insertUser, type TestDatabase } from '@muster/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { checkKeyRings, forgetKey, reportKeys } from './index.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

const ringOf = (keys: Record<string, number>): KeyRing => ({
  currentId: Object.keys(keys)[0] as string,
  keys: new Map(Object.entries(keys).map(([id, fill]) => [id, Buffer.alloc(32, fill)])),
})

const start = (rings: Parameters<typeof checkKeyRings>[1]) => checkKeyRings(database, rings)

/** Runs the start-up check and returns the logged warnings. */
async function startAndRead(rings: Parameters<typeof checkKeyRings>[1]): Promise<string> {
  const warn = vi.fn()
  await checkKeyRings({ db: database.db, log: { warn } }, rings)
  return warn.mock.calls.map(([fields]) => String(Object(fields).detail)).join('\n')
}

async function insertSealed(ring: KeyRing) {
  const { id } = await insertUser(database.db)
  const { keyId, sealed } = seal(ring, Buffer.from('a secret of an app'), totpSealContext(id))
  const row = { id: newId(), user_id: id, key_id: keyId, sealed, confirmed_at: new Date(), created_at: new Date() }
  await database.db.insertInto('totp_secrets').values(row).execute()
}

test.for(keyRingNames)(
  'another key under an id of %s fails the start with ring, id and remedy, without the key',
  async (ring) => {
    await start({ [ring]: ringOf({ k1: 1 }) })
    await start({ [ring]: ringOf({ k1: 1 }) })
    const refused = await start({ [ring]: ringOf({ k1: 2 }) }).catch((error: Error) => error.message)
    expect(refused).toMatch(new RegExp(`${ring}: the key "k1" is not the one.*muster keys forget ${ring} k1`))
    for (const fill of [1, 2]) expect(refused).not.toContain(Buffer.alloc(32, fill).toString('base64'))
    await start({ [ring]: ringOf({ k1: 1 }) })
  },
)

test('all faults are reported together, and a failed start records nothing', async () => {
  await start({ AUDIT_KEYS: ringOf({ k1: 1 }), COOKIE_KEYS: ringOf({ k1: 2 }) })
  const wrong = { AUDIT_KEYS: ringOf({ k1: 8 }), COOKIE_KEYS: ringOf({ k1: 9 }), PASSWORD_KEYS: ringOf({ k1: 3 }) }
  await expect(start(wrong)).rejects.toThrow(/AUDIT_KEYS: the key "k1".*COOKIE_KEYS: the key "k1"/)
  await start({ PASSWORD_KEYS: ringOf({ k1: 4 }) })
})

test('of processes that start together with two keys under one id, only those with one of them start', async () => {
  const outcomes = await Promise.allSettled(
    [1, 2, 1, 2, 1, 2].map((fill) => start({ MAIL_CODE_KEYS: ringOf({ k1: fill }), COOKIE_KEYS: ringOf({ k1: 9 }) })),
  )
  const begun = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index % 2] : []))
  expect([begun.length, new Set(begun).size]).toEqual([3, 1])
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(outcome.reason.message).toContain('MAIL_CODE_KEYS')
})

test('a key that is known in another ring or under another id is refused with both names', async () => {
  await start({ AUDIT_KEYS: ringOf({ a: 1 }) })
  await expect(start({ MAIL_CODE_KEYS: ringOf({ m: 1 }) })).rejects.toThrow(
    /MAIL_CODE_KEYS: the key "m" is known as "a" of AUDIT_KEYS/,
  )
  await expect(start({ AUDIT_KEYS: ringOf({ b: 1, a: 1 }) })).rejects.toThrow(/"b" is known as "a".*put each key back/)
})

test('every documented order of rotation steps starts, with both keys and then without the old one', async () => {
  const old = ringOf({ k1: 1 })
  const both = ringOf({ k1: 1, k2: 2 })
  const turned = ringOf({ k2: 2, k1: 1 })
  for (const ring of [old, both, old, turned, both, turned])
    await start({ COOKIE_KEYS: ring, AUDIT_KEYS: ringOf({ a: 9 }) })
  expect(await startAndRead({ COOKIE_KEYS: ringOf({ k2: 2 }) })).toBe('')
})

test('an unrecorded wrong encryption key is recognised by the rows that it does not open', async () => {
  await insertSealed(ringOf({ k1: 6 }))
  await expect(start({ ENCRYPTION_KEYS: ringOf({ k2: 60, k1: 7 }) })).rejects.toThrow(/ENCRYPTION_KEYS: the key "k1"/)
  await start({ ENCRYPTION_KEYS: ringOf({ k2: 60, k1: 6 }) })
})

test('rows that need a missing key are counted in the log, and the process starts', async () => {
  await insertUser(database.db, { password_hash: 'k1$x' })
  await insertUser(database.db, { password_hash: 'k1$y' })
  await insertUser(database.db, { password_hash: 'k2$z' })
  await insertSealed(ringOf({ e1: 6 }))
  const rings = { PASSWORD_KEYS: ringOf({ k2: 2 }), ENCRYPTION_KEYS: ringOf({ e2: 7 }) }
  const logged = await startAndRead(rings)
  expect(logged).toMatch(/PASSWORD_KEYS lacks the key "k1": 2 rows need it/)
  expect(logged).toMatch(/ENCRYPTION_KEYS lacks the key "e1": 1 rows need it/)
})

test('a ring without its last current key is logged', async () => {
  await start({ REFRESH_TOKEN_KEYS: ringOf({ k1: 1 }) })
  expect(await startAndRead({ REFRESH_TOKEN_KEYS: ringOf({ k2: 2 }) })).toMatch(/"k1".*must sign in again/)
})

test('an audit ring without a key of the chain is refused until an operator gives that key up', async () => {
  await start({ AUDIT_KEYS: ringOf({ k1: 1 }) })
  await expect(start({ AUDIT_KEYS: ringOf({ k2: 2 }) })).rejects.toThrow(/AUDIT_KEYS: the key "k1" is missing/)
  await database.db.transaction().execute((trx) => forgetKey(trx, 'AUDIT_KEYS', 'k1'))
  await start({ AUDIT_KEYS: ringOf({ k2: 2 }) })
})

test('a process that only verifies with an audit ring does not record its first key as current', async () => {
  await checkKeyRings(database, { AUDIT_KEYS: ringOf({ k2: 2, k1: 1 }) }, { onlyVerifying: ['AUDIT_KEYS'] })
  await start({ AUDIT_KEYS: ringOf({ k1: 1 }) })
})

test('a report has the state of each key, the rows that need it and when it can be removed', async () => {
  const user = await insertUser(database.db, { password_hash: 'k1$x' })
  const before = {
    ACCESS_TOKEN_KEYS: ringOf({ k1: 1 }),
    REFRESH_TOKEN_KEYS: ringOf({ k1: 2 }),
    PASSWORD_KEYS: ringOf({ k1: 3 }),
  }
  await start(before)
  const now = new Date()
  const session = {
    id: newId(),
    user_id: user.id,
    seed: Buffer.alloc(32),
    rotated_at: new Date(now.getTime() - 60_000),
  }
  const times = { created_at: now, last_used_at: now, expires_at: new Date(now.getTime() + 3_600_000) }
  await database.db
    .insertInto('sessions')
    .values({ ...session, ...times })
    .execute()
  const rings = {
    ACCESS_TOKEN_KEYS: ringOf({ k2: 11, k1: 1 }),
    REFRESH_TOKEN_KEYS: ringOf({ k2: 12, k1: 2 }),
    PASSWORD_KEYS: ringOf({ k2: 13, k1: 3, k0: 33 }),
  }
  await start(rings)
  const report = async (minutes: number) =>
    (await reportKeys(database.db, rings, new Date(now.getTime() + minutes * 60_000))).map(
      ({ ring, keyId, state }) => `${ring} ${keyId} ${state}`,
    )
  const fixed = [
    'REFRESH_TOKEN_KEYS k2 current',
    'REFRESH_TOKEN_KEYS k1 needed',
    'PASSWORD_KEYS k2 current',
    'PASSWORD_KEYS k1 needed',
    'PASSWORD_KEYS k0 unused',
  ]
  expect(await report(1)).toEqual(['ACCESS_TOKEN_KEYS k2 current', 'ACCESS_TOKEN_KEYS k1 needed', ...fixed])
  expect(await report(30)).toEqual(['ACCESS_TOKEN_KEYS k2 current', 'ACCESS_TOKEN_KEYS k1 unused', ...fixed])
})
