import { crc32 } from 'node:zlib'
import type { Layout } from './layout.ts'
import { MalformedContainer, readsToTheEnd } from './malformed.ts'
import { orientationOnlyExif } from './orientation.ts'
import { frameBytes, wholeStream } from './png-pixels.ts'

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

/** Chunks that give the pixels their meaning (colours, transparency, density), with the maximum size of each in bytes. */
const keptBeforePixels: ReadonlyMap<string, number> = new Map([
  ['PLTE', 768],
  ['tRNS', 256],
  ['gAMA', 4],
  ['cHRM', 32],
  ['sRGB', 1],
  ['sBIT', 4],
  ['cICP', 4],
  ['mDCV', 24],
  ['cLLI', 8],
  ['bKGD', 6],
  ['pHYs', 9],
])

type Chunk = { type: string; data: Buffer }
type Frame = { control: Buffer | undefined; widthPx: number; heightPx: number; pixels: Buffer[] }

/**
 * Reads the canvas of a PNG (W3C PNG, third edition) and its number of frames: the announced or the actual one, whichever is higher.
 * @throws MalformedContainer when a frame exceeds the canvas
 */
export function readPng(png: Buffer): Layout {
  let [widthPx, heightPx, announced, frames] = [0, 0, 0, 0]
  let isFitting = true
  let isBeforePixels = true
  const isWhole = readsToTheEnd(chunksOf(png), ({ type, data }) => {
    if (type === 'IHDR' && widthPx === 0) [widthPx, heightPx] = [data.readUInt32BE(0), data.readUInt32BE(4)]
    if (type === 'IDAT') isBeforePixels = false
    if (type === 'acTL' && isBeforePixels && data.length === 8) announced = Math.max(announced, data.readUInt32BE(0))
    if (type !== 'fcTL') return
    frames++
    isFitting &&= fits(data, widthPx, heightPx)
  })
  const isAnimated = announced > 0
  if (isAnimated && !isFitting) throw new MalformedContainer('PNG')
  return { widthPx, heightPx, frames: isAnimated ? Math.max(1, announced, frames) : 1, scans: 1, isWhole }
}

function fits(control: Buffer, widthPx: number, heightPx: number): boolean {
  if (control.length !== 26) return false
  const [width, height, left, top] = [4, 8, 12, 16].map((at) => control.readUInt32BE(at)) as [
    number,
    number,
    number,
    number,
  ]
  return width > 0 && height > 0 && left + width <= widthPx && top + height <= heightPx
}

/**
 * Writes a PNG with its pixels, the chunks that give them their meaning, and its animation; without text, time, EXIF, profile and unknown
 * chunks, and without bytes after the pixels, in their compressed data or after it.
 * @throws MalformedContainer also when the compressed data contains more or less than the pixels
 */
export const stripPng = (png: Buffer, orientation: number): Promise<Buffer> => write(read(png), orientation)

/** Splits an animated PNG into one PNG for each frame, with the file's colour profile. */
export function cutIntoFrames(png: Buffer): Buffer[] {
  const parts = read(png)
  const { header, meaning, profile } = parts
  return picturesOf(parts).map(({ widthPx, heightPx, pixels }) =>
    Buffer.concat([
      signature,
      chunk('IHDR', Buffer.concat([uint32(widthPx, heightPx), header.subarray(8)])),
      ...[...(profile ? [profile] : []), ...meaning].map(({ type, data }) => chunk(type, data)),
      chunk('IDAT', Buffer.concat(pixels)),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  )
}

/**
 * Writes an animated PNG with other pixels.
 * @param frames the frames of {@link cutIntoFrames} in the same order and size, encoded again in sRGB with alpha, 8 bits per channel
 * @throws MalformedContainer
 */
export function putFrames(png: Buffer, frames: readonly Buffer[], orientation: number): Promise<Buffer> {
  const parts = read(png)
  const header = Buffer.from([...parts.header.subarray(0, 8), 8, 6, 0, 0, 0])
  for (const [index, picture] of picturesOf(parts).entries()) {
    const drawn = read(frames[index] ?? Buffer.alloc(0))
    if (!drawn.header.subarray(8).equals(header.subarray(8))) throw new MalformedContainer('PNG')
    picture.pixels = drawn.still.pixels
  }
  return write({ ...parts, header, meaning: [] }, orientation)
}

type Parts = ReturnType<typeof read>

/** The still image first, whether it belongs to the animation or not. */
const picturesOf = ({ still, frames }: Parts) => [still, ...frames.filter((frame) => frame !== still)]

async function write(parts: Parts, orientation: number): Promise<Buffer> {
  const { header, meaning, loops, still, frames } = parts
  const exif = orientationOnlyExif(orientation)
  const written = [signature, chunk('IHDR', header), ...meaning.map(({ type, data }) => chunk(type, data))]
  if (exif) written.push(chunk('eXIf', exif))
  const isAnimated = loops !== undefined && frames.length > 0
  if (isAnimated) written.push(chunk('acTL', uint32(frames.length, loops)))
  let sequence = 0
  for (const frame of picturesOf(parts)) {
    if (frame !== still && !isAnimated) break
    if (isAnimated && frame.control) {
      written.push(chunk('fcTL', Buffer.concat([uint32(sequence++), frame.control.subarray(4)])))
    }
    const pixels = await wholeStream(frame.pixels, frameBytes(header, frame))
    written.push(frame === still ? chunk('IDAT', pixels) : chunk('fdAT', Buffer.concat([uint32(sequence++), pixels])))
  }
  return Buffer.concat([...written, chunk('IEND', Buffer.alloc(0))])
}

/** Parses a PNG. The still image is in `frames` too when it has an animation control. */
function read(png: Buffer) {
  let header: Buffer | undefined
  let loops: number | undefined
  let profile: Chunk | undefined
  const meaning: Chunk[] = []
  const frames: Frame[] = []
  const still: Frame = { control: undefined, widthPx: 0, heightPx: 0, pixels: [] }
  let frame: Frame | undefined
  let previous = ''
  for (const { type, data } of chunksOf(png)) {
    const isBeforePixels = still.pixels.length === 0
    if (type === 'IHDR' && !header) {
      header = data
      Object.assign(still, { widthPx: data.readUInt32BE(0), heightPx: data.readUInt32BE(4) })
    } else if (type === 'acTL' && isBeforePixels && data.length === 8) {
      loops ??= data.readUInt32BE(4)
    } else if (type === 'iCCP' && isBeforePixels) {
      profile ??= { type, data }
    } else if (type === 'fcTL' && data.length === 26) {
      frame = isBeforePixels ? still : { ...still, pixels: [] }
      Object.assign(frame, { control: data, widthPx: data.readUInt32BE(4), heightPx: data.readUInt32BE(8) })
      frames.push(frame)
    } else if (type === 'IDAT' && (isBeforePixels || previous === 'IDAT')) {
      still.pixels.push(data)
    } else if (type === 'fdAT' && !isBeforePixels && data.length >= 4) {
      frame?.pixels.push(data.subarray(4))
    } else if (isBeforePixels && data.length <= (keptBeforePixels.get(type) ?? -1)) {
      if (!meaning.some((kept) => kept.type === type)) meaning.push({ type, data })
    }
    previous = type
  }
  if (!header || frames.filter((each) => each === still).length > 1) throw new MalformedContainer('PNG')
  return { header, meaning, profile, loops, still, frames }
}

function* chunksOf(png: Buffer): Generator<Chunk> {
  if (!png.subarray(0, signature.length).equals(signature)) throw new MalformedContainer('PNG')
  for (let at = signature.length; at + 12 <= png.length; ) {
    const end = at + 12 + png.readUInt32BE(at)
    if (end > png.length) break
    const type = png.toString('latin1', at + 4, at + 8)
    const isHead = at === signature.length
    if (isHead !== (type === 'IHDR') || (isHead && end - at !== 25)) throw new MalformedContainer('PNG')
    yield { type, data: png.subarray(at + 8, end - 4) }
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

function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}
