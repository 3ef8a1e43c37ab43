import { createHmac } from 'node:crypto'

const lengthBytes = 4

/**
 * Computes HMAC-SHA-256 (RFC 2104) over parts of any length. The length of each part in bytes (uint32, big-endian) precedes it, so
 * that different lists of parts never have the same input.
 */
export function macOver(key: Buffer, parts: readonly (string | Uint8Array)[]): Buffer {
  const mac = createHmac('sha256', key)
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part
    const length = Buffer.alloc(lengthBytes)
    length.writeUInt32BE(bytes.length)
    mac.update(length).update(bytes)
  }
  return mac.digest()
}
