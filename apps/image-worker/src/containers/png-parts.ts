import { MalformedContainer } from './malformed.ts'
import { type Chunk, chunk, signature, uint32 } from './png-chunks.ts'

/** Chunks that give the pixels their meaning (transparency, density), with the maximum size of each in bytes. */
const keptBeforePixels: ReadonlyMap<string, number> = new Map([
  ['PLTE', 768],
  ['tRNS', 256],
  ['sBIT', 4],
  ['bKGD', 6],
  ['pHYs', 9],
])
/** Chunks that say which colours the numbers of the pixels stand for. */
const colourChunks = new Set(['cICP', 'iCCP', 'sRGB', 'gAMA', 'cHRM'])

export type PngFrame = {
  /** The frame's `fcTL` chunk: place, timing and how it is drawn. */
  control: Buffer | undefined
  widthPx: number
  heightPx: number
  /** The parts of its zlib stream. */
  pixels: Buffer[]
}

export type PngParts = {
  header: Buffer
  meaning: Chunk[]
  colours: Chunk[]
  exif: Chunk | undefined
  /** Undefined when the PNG is not animated. */
  animation: { announcedFrames: number; loops: number } | undefined
  /** The image that viewers without animation show. */
  still: PngFrame
  /** The still image is among them when it belongs to the animation. */
  frames: PngFrame[]
}

/** Parses a PNG. @throws MalformedContainer */
export function readParts(chunks: Iterable<Chunk>): PngParts {
  const still: PngFrame = { control: undefined, widthPx: 0, heightPx: 0, pixels: [] }
  const parts: Omit<PngParts, 'header'> & { header: Buffer | undefined } = {
    header: undefined,
    meaning: [],
    colours: [],
    exif: undefined,
    animation: undefined,
    still,
    frames: [],
  }
  let frame: PngFrame | undefined
  let previous = ''
  for (const { type, data } of chunks) {
    const isBeforePixels = still.pixels.length === 0
    if (type === 'IHDR') {
      parts.header = data
      Object.assign(still, { widthPx: data.readUInt32BE(0), heightPx: data.readUInt32BE(4) })
    } else if (type === 'acTL' && isBeforePixels && data.length === 8) {
      parts.animation ??= { announcedFrames: data.readUInt32BE(0), loops: data.readUInt32BE(4) }
    } else if (type === 'fcTL' && data.length === 26) {
      frame = isBeforePixels ? still : { ...still, pixels: [] }
      Object.assign(frame, { control: data, widthPx: data.readUInt32BE(4), heightPx: data.readUInt32BE(8) })
      parts.frames.push(frame)
    } else if (type === 'IDAT' && (isBeforePixels || previous === 'IDAT')) {
      still.pixels.push(data)
    } else if (type === 'fdAT' && !isBeforePixels && data.length >= 4) {
      frame?.pixels.push(data.subarray(4))
    } else if (type === 'eXIf') {
      parts.exif ??= { type, data }
    } else if (isBeforePixels) {
      keep(parts, { type, data })
    }
    previous = type
  }
  const { header } = parts
  if (!header || parts.frames.filter((each) => each === still).length > 1) throw new MalformedContainer('PNG')
  return { ...parts, header }
}

function keep({ meaning, colours }: Pick<PngParts, 'meaning' | 'colours'>, chunk: Chunk): void {
  const isMeaning = chunk.data.length <= (keptBeforePixels.get(chunk.type) ?? -1)
  const list = isMeaning ? meaning : colourChunks.has(chunk.type) ? colours : undefined
  if (list?.some(({ type }) => type === chunk.type) === false) list.push(chunk)
}

/** Returns the still image first, whether it belongs to the animation or not, and the other frames. */
export const picturesOf = ({ still, frames }: Pick<PngParts, 'still' | 'frames'>): PngFrame[] => [
  still,
  ...frames.filter((frame) => frame !== still),
]

/**
 * Writes a PNG with these parts.
 * @param toStream returns the zlib stream of a frame
 */
export async function writeParts(parts: PngParts, toStream: (frame: PngFrame) => Promise<Buffer>): Promise<Buffer> {
  const { header, colours, meaning, exif, animation, still, frames } = parts
  const written = [signature, chunk('IHDR', header)]
  for (const { type, data } of [...colours, ...meaning, ...(exif ? [exif] : [])]) written.push(chunk(type, data))
  const isAnimated = animation !== undefined && frames.length > 0
  if (isAnimated) written.push(chunk('acTL', uint32(frames.length, animation.loops)))
  let sequence = 0
  for (const frame of isAnimated ? picturesOf(parts) : [still]) {
    if (isAnimated && frame.control) {
      written.push(chunk('fcTL', Buffer.concat([uint32(sequence++), frame.control.subarray(4)])))
    }
    const pixels = await toStream(frame)
    written.push(frame === still ? chunk('IDAT', pixels) : chunk('fdAT', Buffer.concat([uint32(sequence++), pixels])))
  }
  return Buffer.concat([...written, chunk('IEND', Buffer.alloc(0))])
}
