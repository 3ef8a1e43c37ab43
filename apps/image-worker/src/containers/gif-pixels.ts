import { MalformedContainer } from './malformed.ts'

const maxCodes = 4_096
const maxSubBlockBytes = 255

/**
 * Writes the sub-blocks of an image again, without bytes after its last pixel (GIF89a, appendix F). Follows the LZW codes only to count
 * pixels, and decodes none.
 * @param minCodeSize bits per pixel, stored before the sub-blocks
 * @throws MalformedContainer when a code is invalid
 */
export function wholeSubBlocks(blocks: Buffer, minCodeSize: number, pixels: number): Buffer {
  const data = dataOf(blocks)
  return subBlocksOf(data.subarray(0, followCodes(data, minCodeSize, pixels).endBytes))
}

/** Returns whether the sub-blocks of an image, which may break off, contain all its pixels. @throws MalformedContainer */
export const hasAllPixels = (blocks: Buffer, minCodeSize: number, pixels: number): boolean =>
  followCodes(dataOf(blocks), minCodeSize, pixels).seenPixels >= pixels

function dataOf(blocks: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < blocks.length; at += 1 + (blocks[at] ?? 0)) {
    parts.push(blocks.subarray(at + 1, at + 1 + (blocks[at] ?? 0)))
  }
  return Buffer.concat(parts)
}

function subBlocksOf(data: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < data.length; at += maxSubBlockBytes) {
    const part = data.subarray(at, at + maxSubBlockBytes)
    parts.push(Buffer.from([part.length]), part)
  }
  return Buffer.concat([...parts, Buffer.from([0])])
}

/** Counts the bytes with the codes up to the last pixel and the end code, and the pixels that are there. */
function followCodes(data: Buffer, minCodeSize: number, pixels: number) {
  if (minCodeSize < 1 || minCodeSize > 11) throw new MalformedContainer('GIF')
  const clear = 1 << minCodeSize
  const end = clear + 1
  const pixelsOf = new Uint32Array(maxCodes).fill(1, 0, clear)
  let [codeBits, next, previous, seen, bitsAt] = [minCodeSize + 1, end + 1, clear, 0, 0]
  while (bitsAt + codeBits <= 8 * data.length) {
    const code = bitsOf(data, bitsAt, codeBits)
    if (seen >= pixels && code !== end) break
    bitsAt += codeBits
    if (code === end) break
    if (code === clear) {
      ;[codeBits, next] = [minCodeSize + 1, end + 1]
    } else {
      if (code > next || (code === next && previous === clear)) throw new MalformedContainer('GIF')
      if (previous !== clear && next < maxCodes) {
        pixelsOf[next++] = (pixelsOf[previous] ?? 0) + 1
        if (next === 1 << codeBits && codeBits < 12) codeBits++
      }
      seen += pixelsOf[code] ?? 0
    }
    previous = code
  }
  return { endBytes: Math.ceil(bitsAt / 8), seenPixels: seen }
}

/** At most 12 bits, the lowest first, which lie in at most three bytes. */
function bitsOf(data: Buffer, at: number, bits: number): number {
  const first = at >> 3
  const three = (data[first] ?? 0) | ((data[first + 1] ?? 0) << 8) | ((data[first + 2] ?? 0) << 16)
  return (three >> (at & 7)) & ((1 << bits) - 1)
}
