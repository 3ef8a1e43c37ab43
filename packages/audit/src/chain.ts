import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { KeyRing } from '@muster/security/key-ring'

/** The part of an audit event that lives as long as the chain. */
export type AuditRecord = {
  /** The sequence number in the chain: 1, 2, 3 … */
  seq: number
  id: string
  action: string
  actorId: string | null
  targetType: string
  targetId: string
  /** Microseconds since 1970, the precision of Postgres. */
  createdAtMicros: number
}

/** The part of an audit event that can be erased. The chain contains only its salted digest. */
export type AuditPersonal = {
  salt: Uint8Array
  ip: string | null
  userAgent: string | null
  requestId: string | null
  /** The text of the jsonb from Postgres, which is the same for equal values. */
  beforeText: string | null
  afterText: string | null
}

/** A key of the ring, prepared for many hashes. */
export type RowKey = { id: string; key: KeyObject }

/** Long enough that an erased address cannot be recovered from its digest by trying all addresses. */
export const saltBytes = 16

/** The hash before the first row. */
export const genesisHash = Buffer.alloc(32)

/** Prepares a key of the ring, by default the current one. @returns undefined when the ring does not contain it */
export function rowKey(ring: KeyRing, id = ring.currentId): RowKey | undefined {
  const key = ring.keys.get(id)
  return key && { id, key: createSecretKey(key) }
}

/**
 * Computes the digest of personal fields: HMAC-SHA-256 over lines with a label, the salt in hex and a JSON array of the fields. JSON
 * (whose text ECMA-262 defines) contains no line break, so different rows never have the same input.
 */
export function personalDigest(key: RowKey, personal: AuditPersonal): Buffer {
  const { salt, ip, userAgent, requestId, beforeText, afterText } = personal
  const fields = JSON.stringify([ip, userAgent, requestId, beforeText, afterText])
  return macOverLines(key, ['muster.audit.personal.1', toHex(salt), fields])
}

/** Computes the hash of a row: HMAC-SHA-256 over lines with a label, the previous hash, a JSON array and the personal digest. */
export function rowHash(key: RowKey, previous: Uint8Array, row: AuditRecord, digest: Uint8Array): Buffer {
  const { seq, id, action, actorId, targetType, targetId, createdAtMicros } = row
  const fields = JSON.stringify([key.id, seq, id, action, actorId, targetType, targetId, createdAtMicros])
  return macOverLines(key, ['muster.audit.row.1', toHex(previous), fields, toHex(digest)])
}

/** Calls OpenSSL once with one text: each further call costs as much as the hash of a row. */
const macOverLines = ({ key }: RowKey, lines: string[]) => createHmac('sha256', key).update(lines.join('\n')).digest()

const toHex = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
