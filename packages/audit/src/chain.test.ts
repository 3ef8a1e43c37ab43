import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isCheckpointGenuine, signCheckpoint } from './checkpoint.ts'
import {
  type AuditPersonal,
  type AuditRecord,
  genesisHash,
  isHeadGenuine,
  personalDigest,
  rowHash,
  rowKey,
  signHead,
} from './index.ts'
import { formatHead, parseHead } from './signed-head.ts'

const ring = {
  currentId: 'new',
  keys: new Map([
    ['new', Buffer.alloc(32, 1)],
    ['old', Buffer.alloc(32, 2)],
  ]),
}
const key = rowKey(ring)
if (!key) throw new Error('the ring has its current key')

const text = fc.string({ unit: 'grapheme', maxLength: 8 })
const record: fc.Arbitrary<AuditRecord> = fc.record({
  seq: fc.integer({ min: 1 }),
  id: fc.uuid(),
  action: text,
  actorId: fc.option(fc.uuid()),
  targetType: text,
  targetId: text,
  createdAtMicros: fc.maxSafeNat(),
})
const personal: fc.Arbitrary<AuditPersonal> = fc.record({
  salt: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  ip: fc.option(text),
  userAgent: fc.option(text),
  requestId: fc.option(text),
  beforeText: fc.option(text),
  afterText: fc.option(text),
})

test('two rows have the same hash only when all their fields are equal', () => {
  fc.assert(
    fc.property(record, record, (a, b) => {
      const isSame = JSON.stringify(a) === JSON.stringify(b)
      expect(rowHash(key, genesisHash, a, genesisHash).equals(rowHash(key, genesisHash, b, genesisHash))).toBe(isSame)
    }),
  )
})

test('moving text to the next field changes the hash, and null differs from an empty text', () => {
  fc.assert(
    fc.property(personal, (given) => {
      const shifted = { ...given, ip: `${given.ip ?? ''}${given.userAgent ?? ''}`, userAgent: null }
      const isSame = given.ip !== null && given.userAgent === null
      expect(personalDigest(key, given).equals(personalDigest(key, shifted))).toBe(isSame)
    }),
  )
})

test('the same personal fields have another digest with another salt', () => {
  fc.assert(
    fc.property(personal, (given) => {
      const salt = given.salt.map((byte) => byte ^ 1)
      expect(personalDigest(key, given).equals(personalDigest(key, { ...given, salt }))).toBe(false)
    }),
  )
})

test('a checkpoint is genuine only for its own run, and is not a valid head', () => {
  const run = { fromSeq: 3, toSeq: 9, previousHash: Buffer.alloc(32, 5), hash: Buffer.alloc(32, 6) }
  const signed = signCheckpoint(ring, run)
  expect(isCheckpointGenuine(ring, signed)).toBe(true)
  for (const change of [
    { fromSeq: 2 },
    { toSeq: 10 },
    { previousHash: run.hash },
    { hash: run.previousHash },
    { keyId: 'old' },
    { signature: Buffer.from(signHead(ring, { seq: 9, hash: run.hash.toString('hex') }).signature, 'hex') },
  ]) {
    expect(isCheckpointGenuine(ring, { ...signed, ...change })).toBe(false)
  }
})

test('a formatted head parses to the same head, and other text does not parse', () => {
  const head = signHead(ring, { seq: 7, hash: 'ab'.repeat(32) })
  expect(parseHead(formatHead(head))).toEqual(head)
  for (const text of [
    '',
    '7',
    formatHead(head).slice(1),
    formatHead(head).toUpperCase(),
    `${formatHead(head)}0`,
    'a.b.c.d',
  ]) {
    expect(parseHead(text)).toBeUndefined()
  }
})

test('a head signed by any key of the ring is genuine, and a changed one is not', () => {
  const head = { seq: 7, hash: 'ab'.repeat(32) }
  for (const currentId of ['new', 'old']) {
    const signed = signHead({ ...ring, currentId }, head)
    expect(isHeadGenuine(ring, signed)).toBe(true)
    expect(isHeadGenuine(ring, { ...signed, seq: 6 })).toBe(false)
    expect(isHeadGenuine(ring, { ...signed, hash: 'cd'.repeat(32) })).toBe(false)
    expect(isHeadGenuine(ring, { ...signed, keyId: 'gone' })).toBe(false)
  }
})
