import bcrypt from 'bcrypt'
import { expect, test } from 'vitest'
import { HashingOverloadedError } from './hashing-overloaded.ts'
import { createPasswordHasher } from './password-hasher.ts'

const cost = 4
const ring = (...ids: string[]) => ({
  currentId: ids[0] ?? '',
  keys: new Map(ids.map((id) => [id, Buffer.alloc(32, id)])),
})
const hasher = (
  keys: ReturnType<typeof ring>,
  options: { cost?: number; maxParallel?: number; maxWaitMs?: number } = {},
) => createPasswordHasher({ keys, cost, ...options })

test('a correct password verifies, and a wrong one does not', async () => {
  const { hash, verify } = hasher(ring('k1'))
  const stored = await hash('Correct horse 1')
  expect(stored).toMatch(/^k1\$\$2b\$04\$.{53}$/)
  expect(await verify('Correct horse 1', stored)).toEqual({ ok: true, needsRehash: false })
  expect(await verify('Correct horse 2', stored)).toEqual({ ok: false, needsRehash: false })
})

test('characters after 72 bytes and after a NUL character count', async () => {
  const { hash, verify } = hasher(ring('k1'))
  const long = `Aa1${'x'.repeat(100)}`
  expect((await verify(`${long}z`, await hash(`${long}y`))).ok).toBe(false)
  expect((await verify('Aa1\0other', await hash('Aa1\0some'))).ok).toBe(false)
})

test('a password with a lone surrogate is refused', async () => {
  const { hash, verify, verifyDecoy } = hasher(ring('k1'))
  const stored = await hash('Aa1-\ufffd-enough')
  for (const half of ['\ud800', '\udfff']) {
    const password = `Aa1-${half}-enough`
    for (const work of [hash(password), verify(password, stored), verifyDecoy(password)]) {
      await expect(work).rejects.toThrow(RangeError)
    }
  }
})

test('a stolen hash verifies no password without the key', async () => {
  const stored = await hasher(ring('k1')).hash('Correct horse 1')
  expect(await bcrypt.compare('Correct horse 1', stored.slice('k1$'.length))).toBe(false)
})

test('a hash of an old key verifies and needs a rehash; a hash of a removed key never verifies', async () => {
  const stored = await hasher(ring('old')).hash('Correct horse 1')
  expect(await hasher(ring('new', 'old')).verify('Correct horse 1', stored)).toEqual({ ok: true, needsRehash: true })
  expect(await hasher(ring('new')).verify('Correct horse 1', stored)).toEqual({ ok: false, needsRehash: false })
})

test('after the cost was raised, a correct password needs a rehash and a wrong one does not', async () => {
  const stored = await hasher(ring('k1')).hash('Correct horse 1')
  const raised = hasher(ring('k1'), { cost: cost + 1 })
  expect(await raised.verify('Correct horse 1', stored)).toEqual({ ok: true, needsRehash: true })
  expect(await raised.verify('wrong', stored)).toEqual({ ok: false, needsRehash: false })
})

test('an unknown account and a hash of a lower cost take the CPU time of a known account', async () => {
  const { hash, verify, verifyDecoy } = hasher(ring('k1'), { cost: 9, maxParallel: 1 })
  const stored = await hash('Correct horse 1')
  const cheap = await hasher(ring('k1'), { cost: 7 }).hash('Correct horse 1')
  const spent = { known: 0, unknown: 0, cheap: 0 }
  const cpuOf = async (work: () => Promise<unknown>) => {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  for (let round = 0; round < 15; round++) {
    spent.known += await cpuOf(() => verify('wrong', stored))
    spent.unknown += await cpuOf(() => verifyDecoy('wrong'))
    spent.cheap += await cpuOf(() => verify('wrong', cheap))
  }
  // CPU time does not depend on how busy the machine is. A missing round of hashing would halve it or more.
  for (const other of [spent.unknown, spent.cheap]) expect(Math.abs(other / spent.known - 1)).toBeLessThan(0.3)
  expect(await verifyDecoy('anything')).toEqual({ ok: false, needsRehash: false })
})

test('a hash that waits too long fails with HashingOverloadedError, and later ones succeed', async () => {
  const { hash } = hasher(ring('k1'), { cost: 12, maxParallel: 1, maxWaitMs: 20 })
  const results = await Promise.allSettled([hash('first'), hash('second'), hash('third')])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
  const refusal = results[1] as PromiseRejectedResult
  expect(refusal.reason).toBeInstanceOf(HashingOverloadedError)
  expect(refusal.reason.retryAfterSeconds).toBe(1)
  expect(await hash('later')).toMatch(/^k1\$/)
})
