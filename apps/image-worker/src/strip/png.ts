import { crc32 } from 'node:zlib'
import { MalformedContainer } from './malformed.ts'
import { orientationOnlyExif } from './orientation.ts'

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

/** Pixels, what they mean (colours, transparency, density) and the animation; nothing that tells of their origin. */
const keptTypes = new Set([
  ...['IHDR', 'PLTE', 'IDAT', 'IEND', 'tRNS', 'acTL', 'fcTL', 'fdAT'],
  ...['cHRM', 'gAMA', 'iCCP', 'sBIT', 'sRGB', 'cICP', 'mDCV', 'cLLI', 'bKGD', 'pHYs'],
])

/**
 * A PNG (W3C PNG, third edition) without text, time, EXIF and unknown chunks, and without what follows its end.
 * @throws MalformedContainer
 */
export function stripPng(png: Buffer, orientation: number): Buffer {
  const exif = orientationOnlyExif(orientation)
  const kept: Buffer[] = [signature]
  for (const { type, bytes } of chunksOf(png)) {
    if (keptTypes.has(type)) kept.push(bytes)
    // Orientation must stand before the pixels, and the header must stay first.
    if (type === 'IHDR' && exif) kept.push(chunk('eXIf', exif))
  }
  return Buffer.concat(kept)
}

/**
 * Frames of an animated PNG, which libvips reads as a still one; 1 for a still one.
 * @param head the file's beginning, at least up to its pixels; an animation that is announced later is not found
 */
export function pngFrames(head: Buffer): number {
  try {
    for (const { type, bytes } of chunksOf(head)) {
      if (type === 'acTL' && bytes.length >= 20) return Math.max(1, bytes.readUInt32BE(8))
      if (type === 'IDAT') break
    }
  } catch (error) {
    // The head ends within a chunk, or the decoder will say what is wrong.
    if (!(error instanceof MalformedContainer)) throw error
  }
  return 1
}

function* chunksOf(png: Buffer): Generator<{ type: string; bytes: Buffer }> {
  if (!png.subarray(0, signature.length).equals(signature)) throw new MalformedContainer('PNG')
  for (let at = signature.length; at + 12 <= png.length; ) {
    const end = at + 12 + png.readUInt32BE(at)
    if (end > png.length) break
    const type = png.toString('latin1', at + 4, at + 8)
    yield { type, bytes: png.subarray(at, end) }
    if (type === 'IEND') return
    at = end
  }
  throw new MalformedContainer('PNG')
}

function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'latin1')
  data.copy(bytes, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length)
  return bytes
}
