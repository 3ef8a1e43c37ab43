import type { Canvas, Layout } from './layout.ts'
import { MalformedContainer, readsToTheEnd } from './malformed.ts'
import { orientationOnlyExif } from './orientation.ts'

const alphaFlag = 0x10
const exifFlag = 0x08
const animationFlag = 0x02
const extendedBytes = 10
const animationBytes = 6
const frameHeadBytes = 16

type Chunk = { type: string; data: Buffer }
/** The coded pixels of an image, and its alpha channel when it is coded separately. */
type Picture = { alpha: Chunk | undefined; pixels: Chunk }
type Frame = { head: Buffer; picture: Picture }

/**
 * Reads the canvas of a WebP (RFC 9649) and its number of frames.
 * @throws MalformedContainer when a frame has another size than its pixels, or exceeds the canvas
 */
export function readWebp(webp: Buffer): Layout {
  let canvas: Canvas | undefined
  const sizes: Canvas[] = []
  let frames = 0
  const isWhole = readsToTheEnd(chunksOf(riffOf(webp)), ({ type, data }) => {
    if (type === 'VP8X') canvas ??= extendedSize(data)
    if (type === 'VP8 ' || type === 'VP8L') sizes.push(codedSize({ type, data }))
    if (type !== 'ANMF') return
    frames++
    sizes.push(placeOf(frameFrom(data).head))
  })
  const [first] = sizes
  const { widthPx, heightPx } = canvas ?? first ?? { widthPx: 0, heightPx: 0 }
  if (sizes.some((size) => size.widthPx > widthPx || size.heightPx > heightPx)) throw new MalformedContainer('WebP')
  const isOne = frames === 0 && sizes.length <= 1
  if (isOne && first && (first.widthPx !== widthPx || first.heightPx !== heightPx)) throw new MalformedContainer('WebP')
  return { widthPx, heightPx, frames: Math.max(1, frames), isAnimated: frames > 1, scans: 1, isWhole }
}

/**
 * Writes a WebP and its frames without EXIF, XMP, ICC profile and unknown chunks, and without bytes after its end.
 * @throws MalformedContainer
 */
export function stripWebp(webp: Buffer, orientation: number): Buffer {
  const chunks = [...chunksOf(riffOf(webp))]
  const extended = chunks.find(({ type }) => type === 'VP8X')
  if (!extended) return riff([encode(pictureFrom(chunks).pixels)])
  const exif = orientationOnlyExif(orientation)
  const animation = (extended.data[0] ?? 0) & animationFlag ? chunks.find(({ type }) => type === 'ANIM') : undefined
  const flags = ((extended.data[0] ?? 0) & (alphaFlag | animationFlag)) | (exif ? exifFlag : 0)
  const head = Buffer.from([flags, 0, 0, 0, ...extended.data.subarray(4, extendedBytes)])
  return riff([
    encode({ type: 'VP8X', data: head }),
    ...(animation ? animationParts(animation, chunks) : pictureParts(pictureFrom(chunks))),
    ...(exif ? [encode({ type: 'EXIF', data: exif })] : []),
  ])
}

function animationParts({ data }: Chunk, chunks: Chunk[]): Buffer[] {
  const frames = chunks.filter(({ type }) => type === 'ANMF').map((chunk) => frameFrom(chunk.data))
  return [
    encode({ type: 'ANIM', data: data.subarray(0, animationBytes) }),
    ...frames.map(({ head, picture }) =>
      encode({ type: 'ANMF', data: Buffer.concat([head, ...pictureParts(picture)]) }),
    ),
  ]
}

const pictureParts = ({ alpha, pixels }: Picture) => [...(alpha ? [encode(alpha)] : []), encode(pixels)]

/** @throws MalformedContainer when there is no image or more than one */
function pictureFrom(chunks: readonly Chunk[]): Picture {
  const [pixels, second] = chunks.filter(({ type }) => type === 'VP8 ' || type === 'VP8L')
  const alpha = chunks.filter(({ type }) => type === 'ALPH')
  if (!pixels || second || alpha.length > 1) throw new MalformedContainer('WebP')
  return { alpha: pixels.type === 'VP8 ' ? alpha[0] : undefined, pixels }
}

/** @throws MalformedContainer when its pixels have another size than the frame */
function frameFrom(data: Buffer): Frame {
  if (data.length < frameHeadBytes) throw new MalformedContainer('WebP')
  const head = data.subarray(0, frameHeadBytes)
  const picture = pictureFrom([...chunksOf(data.subarray(frameHeadBytes))])
  const [coded, said] = [codedSize(picture.pixels), sizeAt(head, 6)]
  if (coded.widthPx !== said.widthPx || coded.heightPx !== said.heightPx) throw new MalformedContainer('WebP')
  return { head, picture }
}

/** The size of the smallest canvas that contains the frame. */
function placeOf(head: Buffer): Canvas {
  const { widthPx, heightPx } = sizeAt(head, 6)
  return { widthPx: 2 * head.readUIntLE(0, 3) + widthPx, heightPx: 2 * head.readUIntLE(3, 3) + heightPx }
}

function extendedSize(data: Buffer): Canvas {
  if (data.length < extendedBytes) throw new MalformedContainer('WebP')
  return sizeAt(data, 4)
}

/** A size is stored as 24 bits, minus 1. */
const sizeAt = (data: Buffer, at: number): Canvas => ({
  widthPx: 1 + data.readUIntLE(at, 3),
  heightPx: 1 + data.readUIntLE(at + 3, 3),
})

/** Reads the size from the header of the bitstream: VP8 (RFC 6386, 9.1) or VP8L (RFC 9649, 3.4). */
function codedSize({ type, data }: Chunk): Canvas {
  if (data.length < (type === 'VP8 ' ? 10 : 5)) throw new MalformedContainer('WebP')
  if (type === 'VP8 ') return { widthPx: data.readUInt16LE(6) & 0x3fff, heightPx: data.readUInt16LE(8) & 0x3fff }
  const bits = data.readUInt32LE(1)
  return { widthPx: 1 + (bits & 0x3fff), heightPx: 1 + ((bits >>> 14) & 0x3fff) }
}

/** Returns the chunks of the RIFF container, without bytes after its end. */
function riffOf(webp: Buffer): Buffer {
  const isWebp = webp.toString('latin1', 0, 4) === 'RIFF' && webp.toString('latin1', 8, 12) === 'WEBP'
  const end = isWebp ? 8 + webp.readUInt32LE(4) : 0
  if (end < 12 || end > webp.length) throw new MalformedContainer('WebP')
  return webp.subarray(12, end)
}

function riff(chunks: Buffer[]): Buffer {
  const body = Buffer.concat(chunks)
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1')
  head.writeUInt32LE(4 + body.length, 4)
  return Buffer.concat([head, body])
}

function* chunksOf(bytes: Buffer): Generator<Chunk> {
  for (let at = 0; at + 8 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32LE(at + 4)
    if (end > bytes.length) throw new MalformedContainer('WebP')
    yield { type: bytes.toString('latin1', at, at + 4), data: bytes.subarray(at + 8, end) }
    at = end + (end % 2)
  }
}

/** Encodes a chunk, padded to an even length. */
function encode({ type, data }: Chunk): Buffer {
  const bytes = Buffer.alloc(8 + data.length + (data.length % 2))
  bytes.write(type, 0, 'latin1')
  bytes.writeUInt32LE(data.length, 4)
  data.copy(bytes, 8)
  return bytes
}
