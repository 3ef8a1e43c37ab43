import { MalformedContainer } from './malformed.ts'
import { orientationOnlyExif } from './orientation.ts'

const keptChunks = new Set(['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ANIM', 'ANMF', 'ICCP'])
const keptInFrame = new Set(['VP8 ', 'VP8L', 'ALPH'])
const exifFlag = 0x08
const xmpFlag = 0x04
const frameHeadBytes = 16

type Chunk = { type: string; data: Buffer }

/**
 * A WebP (RFC 9649) without EXIF, XMP and unknown chunks, in its frames too, and without what follows its end.
 * @throws MalformedContainer
 */
export function stripWebp(webp: Buffer, orientation: number): Buffer {
  const isWebp = webp.toString('latin1', 0, 4) === 'RIFF' && webp.toString('latin1', 8, 12) === 'WEBP'
  const end = isWebp ? 8 + webp.readUInt32LE(4) : 0
  if (end < 12 || end > webp.length) throw new MalformedContainer('WebP')
  const exif = orientationOnlyExif(orientation)
  const kept = chunksOf(webp.subarray(12, end))
    .filter(({ type }) => keptChunks.has(type))
    .map((chunk) => encode(clean(chunk, exif !== undefined)))
  if (exif) kept.push(encode({ type: 'EXIF', data: exif }))
  const body = Buffer.concat(kept)
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1')
  head.writeUInt32LE(4 + body.length, 4)
  return Buffer.concat([head, body])
}

function clean({ type, data }: Chunk, hasExif: boolean): Chunk {
  if (type === 'VP8X') {
    const flags = Buffer.from(data)
    flags[0] = ((data[0] ?? 0) & ~(exifFlag | xmpFlag)) | (hasExif ? exifFlag : 0)
    return { type, data: flags }
  }
  if (type !== 'ANMF') return { type, data }
  const frame = chunksOf(data.subarray(frameHeadBytes)).filter((chunk) => keptInFrame.has(chunk.type))
  return { type, data: Buffer.concat([data.subarray(0, frameHeadBytes), ...frame.map(encode)]) }
}

function chunksOf(bytes: Buffer): Chunk[] {
  const chunks: Chunk[] = []
  for (let at = 0; at + 8 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32LE(at + 4)
    if (end > bytes.length) throw new MalformedContainer('WebP')
    chunks.push({ type: bytes.toString('latin1', at, at + 4), data: bytes.subarray(at + 8, end) })
    at = end + (end % 2)
  }
  return chunks
}

/** Chunks are padded to an even length. */
function encode({ type, data }: Chunk): Buffer {
  const bytes = Buffer.alloc(8 + data.length + (data.length % 2))
  bytes.write(type, 0, 'latin1')
  bytes.writeUInt32LE(data.length, 4)
  data.copy(bytes, 8)
  return bytes
}
