import type { Layout } from './layout.ts'
import { MalformedContainer, readsToTheEnd } from './malformed.ts'
import { orientationOnlyExif } from './orientation.ts'

const soi = 0xd8
const eoi = 0xd9
const sos = 0xda
const app0 = 0xe0
const app1 = 0xe1
const app14 = 0xee
/** Frame headers (SOF0–SOF15): of these sixteen, DHT, JPG and DAC are none. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
/** Frame types that all viewers support: baseline, extended and progressive with Huffman codes. */
const supported = new Set([0xc0, 0xc1, 0xc2])
/** Segments that decoding needs besides the frame header: Huffman tables, quantization tables, restart intervals, scans. */
const coding = new Set([0xc4, 0xdb, 0xdd, sos])

type Segment = { marker: number; bytes: Buffer; scan: Buffer }

/**
 * Reads the size and the number of scans of a JPEG (ITU-T T.81).
 * @throws MalformedContainer when it has several frames, because viewers may show another one than the decoder
 */
export function readJpeg(jpeg: Buffer): Layout {
  let size: { heightPx: number; widthPx: number } | undefined
  let frames = 0
  let scans = 0
  const isWhole = readsToTheEnd(segmentsOf(jpeg), ({ marker, bytes }) => {
    if (marker === sos) scans++
    if (!isFrame(marker) || bytes.length < 9) return
    frames++
    size ??= { heightPx: bytes.readUInt16BE(5), widthPx: bytes.readUInt16BE(7) }
  })
  if (frames > 1) throw new MalformedContainer('JPEG')
  return { widthPx: 0, heightPx: 0, ...size, frames: 1, isAnimated: false, scans, isWhole }
}

/** Adds the end marker to a JPEG that breaks off within its last scan. Returns any other one as it is. */
export function mendJpeg(jpeg: Buffer): Buffer {
  if (hasEnd(jpeg)) return jpeg
  const ended = Buffer.concat([jpeg, Buffer.from([0xff, eoi])])
  return hasEnd(ended) ? ended : jpeg
}

const hasEnd = (jpeg: Buffer) => readsToTheEnd(segmentsOf(jpeg), () => {})

/**
 * Writes a JPEG without metadata and without bytes after the end marker. The coded pixels stay, and what gives them their meaning: JFIF
 * density, Adobe's colour transform and the orientation.
 * @throws MalformedContainer also for types that only some viewers support: arithmetic coding, 12 bits, lossless
 */
export function stripJpeg(jpeg: Buffer, orientation: number): Buffer {
  const kept: Buffer[] = []
  const exif = exifSegment(orientation)
  for (const { marker, bytes, scan } of segmentsOf(jpeg)) {
    if (marker === soi) {
      kept.push(bytes)
      continue
    }
    // The JFIF segment must be the first one.
    if (marker !== app0) kept.push(...exif.splice(0))
    kept.push(...keptOf(marker, bytes), scan)
  }
  return Buffer.concat(kept)
}

function keptOf(marker: number, segment: Buffer): Buffer[] {
  if (isFrame(marker) && !(supported.has(marker) && segment[4] === 8)) throw new MalformedContainer('JPEG')
  if (marker === eoi || isFrame(marker) || coding.has(marker)) return [segment]
  const begins = (name: string) => segment.toString('latin1', 4, 4 + name.length) === name
  if (marker === app0 && begins('JFIF\0') && segment.length >= 18) return [cutTo(18, segment, [16, 17])]
  if (marker === app14 && begins('Adobe') && segment.length >= 16) return [cutTo(16, segment)]
  return []
}

/** Cuts a segment to its smallest size. The bytes at `zeroed`, the size of JFIF's thumbnail, become 0. */
function cutTo(length: number, segment: Buffer, zeroed: number[] = []): Buffer {
  const bare = Buffer.from(segment.subarray(0, length))
  bare.writeUInt16BE(length - 2, 2)
  for (const at of zeroed) bare[at] = 0
  return bare
}

/**
 * Yields the segments from SOI to EOI, each with the coded data that follows it. Skips bytes between segments, like decoders.
 */
function* segmentsOf(jpeg: Buffer): Generator<Segment> {
  if (jpeg[0] !== 0xff || jpeg[1] !== soi) throw new MalformedContainer('JPEG')
  yield { marker: soi, bytes: jpeg.subarray(0, 2), scan: Buffer.alloc(0) }
  for (let at = 2; ; ) {
    const start = nextMarker(jpeg, at)
    const marker = jpeg[start + 1] ?? 0
    if (marker === soi) throw new MalformedContainer('JPEG')
    if (marker === eoi) return yield { marker, bytes: jpeg.subarray(start, start + 2), scan: Buffer.alloc(0) }
    if (start + 4 > jpeg.length) throw new MalformedContainer('JPEG')
    const end = start + 2 + jpeg.readUInt16BE(start + 2)
    if (end > jpeg.length || end < start + 4) throw new MalformedContainer('JPEG')
    at = marker === sos ? nextMarker(jpeg, end) : end
    yield { marker, bytes: jpeg.subarray(start, end), scan: jpeg.subarray(end, at) }
  }
}

/** Finds the next marker that is neither a stuffed zero nor a restart. @throws MalformedContainer at the end of the file */
function nextMarker(jpeg: Buffer, start: number): number {
  for (let at = jpeg.indexOf(0xff, start); at >= 0 && at + 1 < jpeg.length; at = jpeg.indexOf(0xff, at + 1)) {
    const next = jpeg[at + 1] ?? 0
    if (next !== 0 && next !== 0xff && !isAlone(next)) return at
  }
  throw new MalformedContainer('JPEG')
}

/** RST0–RST7 and TEM have no length. */
const isAlone = (marker: number) => (marker >= 0xd0 && marker <= 0xd7) || marker === 0x01

function exifSegment(orientation: number): Buffer[] {
  const exif = orientationOnlyExif(orientation)
  if (!exif) return []
  const head = Buffer.from([0xff, app1, 0, 0, ...Buffer.from('Exif\0\0', 'latin1')])
  head.writeUInt16BE(head.length - 2 + exif.length, 2)
  return [head, exif]
}
