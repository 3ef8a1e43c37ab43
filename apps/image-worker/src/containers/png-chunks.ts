import { crc32 } from 'node:zlib'
import { MalformedContainer } from './malformed.ts'

export const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

export type Chunk = { type: string; data: Buffer }
type FoundChunk = Chunk & {
  /** False when the file ends within the chunk, or its checksum is wrong. */
  isIntact: boolean
  /** False when the file ends within the data. */
  isWhole: boolean
}

/**
 * Yields the chunks of a PNG up to IEND, or up to the end of the file: the last one with the data that it still has.
 * @throws MalformedContainer when the file does not begin with a header, or has a second one
 */
export function* foundChunksOf(png: Buffer): Generator<FoundChunk> {
  if (!png.subarray(0, signature.length).equals(signature)) throw new MalformedContainer('PNG')
  for (let at = signature.length; at + 8 <= png.length; ) {
    const endOfData = at + 8 + png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    const isHead = at === signature.length
    if (isHead !== (type === 'IHDR') || (isHead && endOfData - at !== 21)) throw new MalformedContainer('PNG')
    const isIntact =
      endOfData + 4 <= png.length && png.readUInt32BE(endOfData) === crc32(png.subarray(at + 4, endOfData))
    yield { type, data: png.subarray(at + 8, endOfData), isIntact, isWhole: endOfData <= png.length }
    if (type === 'IEND') return
    at = endOfData + 4
  }
}

/** Yields the chunks of a whole PNG. @throws MalformedContainer also when the file ends before IEND */
export function* chunksOf(png: Buffer): Generator<Chunk> {
  let last = ''
  for (const { type, data, isWhole } of foundChunksOf(png)) {
    if (!isWhole) break
    yield { type, data }
    last = type
  }
  if (last !== 'IEND') throw new MalformedContainer('PNG')
}

export function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'latin1')
  data.copy(bytes, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length)
  return bytes
}

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}
