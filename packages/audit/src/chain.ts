import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { KeyRing } from '@muster/security/key-ring'

/** The part of an audit event that stays as long as the chain. */
export type AuditRecord = {
  /** Place in the chain: 1, 2, 3 … */
  seq: number
  id: string
  action: string
  actorId: string | null
  targetType: string
  targetId: string
  /** Microseconds since 1970, as exact as Postgres keeps it. */
  createdAtMicros: number
}

/** The part that can be erased; the chain keeps only its salted digest. */
export type AuditPersonal = {
  salt: Uint8Array
  ip: string | null
  userAgent: string | null
  requestId: string | null
  /** As Postgres writes the jsonb out, which is the same for equal values. */
  beforeText: string | null
  afterText: string | null
}

/** A key of the ring, ready for many hashes. */
export type RowKey = { id: string; key: KeyObject }

/** Enough that a digest of an erased row can't be found by trying addresses. */
export const saltBytes = 16

/** What stands before the first row. */
export const genesisHash = Buffer.alloc(32)

/** The current key unless `id` names another; undefined when the ring does not hold it. */
export function rowKey(ring: KeyRing, id = ring.currentId): RowKey | undefined {
  const key = ring.keys.get(id)
  return key && { id, key: createSecretKey(key) }
}

/**
 * HMAC-SHA-256 over lines: label, salt in hex, JSON array of the personal fields. JSON (ECMA-262 fixes its text) holds no
 * line break, so no two different rows give the same input.
 */
export function personalDigest(key: RowKey, personal: AuditPersonal): Buffer {
  const { salt, ip, userAgent, requestId, beforeText, afterText } = personal
  const fields = JSON.stringify([ip, userAgent, requestId, beforeText, afterText])
  return macOverLines(key, ['muster.audit.personal.1', toHex(salt), fields])
}

/** HMAC-SHA-256 over lines: label, previous hash in hex, JSON array of the row, personal digest in hex. */
export function rowHash(key: RowKey, previous: Uint8Array, row: AuditRecord, digest: Uint8Array): Buffer {
  const { seq, id, action, actorId, targetType, targetId, createdAtMicros } = row
  const fields = JSON.stringify([key.id, seq, id, action, actorId, targetType, targetId, createdAtMicros])
  return macOverLines(key, ['muster.audit.row.1', toHex(previous), fields, toHex(digest)])
}

/** One update with one text: each further call into OpenSSL costs as much as the hash of a row itself. */
const macOverLines = ({ key }: RowKey, lines: string[]) => createHmac('sha256', key).update(lines.join('\n')).digest()

const toHex = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
