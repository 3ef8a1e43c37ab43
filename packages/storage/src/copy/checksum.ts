import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Computes the SHA-256 of a stream, in hex. */
export async function checksumOf(stream: Readable): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(stream, hash)
  return hash.digest('hex')
}

/** Computes the SHA-256 of a file of this machine, in hex. */
export const checksumOfFile = (path: string): Promise<string> => checksumOf(createReadStream(path))
