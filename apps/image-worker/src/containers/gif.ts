import { hasAllPixels, wholeSubBlocks } from './gif-pixels.ts'
import type { Canvas, Layout } from './layout.ts'
import { MalformedContainer, readsToTheEnd } from './malformed.ts'

/** Represents the beginning of the file, which is not a block. Not a label of the GIF format. */
const head = -1
const extension = 0x21
const image = 0x2c
const trailer = 0x3b
const plainText = 0x01
const graphicControl = 0xf9
const application = 0xff
/** Application extensions with the number of repetitions. */
const loopers = new Set(['NETSCAPE2.0', 'ANIMEXTS1.0'])

type Block = { kind: number | undefined; bytes: Buffer }

/**
 * Reads the canvas of a GIF (GIF89a specification) and its number of frames. Viewers reserve the logical screen; some enlarge it for
 * frames that exceed it, others (libnsgif) ignore it and use the frames alone.
 */
export function readGif(gif: Buffer): Layout {
  let [widthPx, heightPx, frames] = [0, 0, 0]
  const isWhole = readsToTheEnd(blocksOf(gif), ({ kind, bytes }) => {
    const { left, top, width, height } = kind === head ? screenOf(bytes) : frameOf(kind, bytes)
    widthPx = Math.max(widthPx, left + width)
    heightPx = Math.max(heightPx, top + height)
    if (kind === image) frames++
  })
  return { widthPx, heightPx, frames: Math.max(1, frames), isAnimated: frames > 1, scans: 1, isWhole }
}

const screenOf = (bytes: Buffer) => ({ left: 0, top: 0, width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) })

function frameOf(kind: number | undefined, bytes: Buffer) {
  if (kind !== image) return { left: 0, top: 0, width: 0, height: 0 }
  const [left, top, width, height] = [1, 3, 5, 7].map((at) => bytes.readUInt16LE(at)) as [
    number,
    number,
    number,
    number,
  ]
  return { left, top, width, height }
}

/**
 * Ends a GIF that breaks off after the last pixel of a frame, or that has something else than a block where its trailer should be.
 * @returns the same bytes when it has a trailer
 * @throws MalformedContainer when it breaks off within a frame or between a frame and its control
 */
export function mendGif(gif: Buffer): Buffer {
  let last: Block | undefined
  let endOfBlocks = 0
  const isWhole = readsToTheEnd(blocksOf(gif), (block) => {
    last = block
    if (block.kind !== undefined && block.kind !== trailer) endOfBlocks += block.bytes.length
  })
  if (last?.kind === trailer) return gif
  const rest = isWhole ? Buffer.alloc(0) : gif.subarray(endOfBlocks)
  const isFrame = rest[0] === image
  const isAnnounced = !isFrame && [rest, last?.bytes].some((bytes) => bytes && isControl(bytes))
  if (endOfBlocks === 0 || isAnnounced) throw new MalformedContainer('GIF')
  const frame = isFrame ? completeFrame(rest) : []
  return Buffer.concat([gif.subarray(0, endOfBlocks), ...frame, Buffer.from([trailer])])
}

const isControl = (bytes: Buffer) => bytes[0] === extension && bytes[1] === graphicControl

/** Returns the parts of a frame at the end of a file that breaks off. @throws MalformedContainer when pixels are missing */
function completeFrame(bytes: Buffer): Buffer[] {
  const dataAt = 10 + colourTableBytes(bytes[9] ?? 0) + 1
  if (bytes.length <= dataAt) throw new MalformedContainer('GIF')
  const pixels = bytes.readUInt16LE(5) * bytes.readUInt16LE(7)
  if (!hasAllPixels(bytes.subarray(dataAt), bytes[dataAt - 1] ?? 0, pixels)) throw new MalformedContainer('GIF')
  return imageParts(bytes)
}

/**
 * Writes a GIF without comments, plain text, XMP and other application blocks, and without bytes after its trailer. Keeps frames,
 * timing, transparency and repetition.
 * @param canvas becomes the logical screen, so that all viewers show the same size
 * @throws MalformedContainer
 */
export function stripGif(gif: Buffer, { widthPx, heightPx }: Canvas): Buffer {
  const kept: Buffer[] = []
  let control: Buffer | undefined
  let loop: Buffer | undefined
  for (const { kind, bytes } of blocksOf(gif)) {
    if (kind === head) {
      kept.push(headWith(bytes, widthPx, heightPx))
    } else if (kind === image) {
      kept.push(...(control ? [control] : []), ...imageParts(bytes))
      control = undefined
    } else if (kind === extension) {
      // A control applies to the next image; one before a plain text is removed with the text.
      if (bytes[1] === graphicControl) control = controlOf(bytes)
      if (bytes[1] === plainText) control = undefined
      const isFirst = loop === undefined
      loop ??= loopOf(bytes)
      if (loop && isFirst) kept.push(loop)
    } else if (kind === trailer) {
      return Buffer.concat([...kept, Buffer.from([trailer])])
    }
  }
  throw new MalformedContainer('GIF')
}

/** The descriptor with its colour table, and the pixels without bytes after them. */
function imageParts(block: Buffer): Buffer[] {
  const dataAt = 10 + colourTableBytes(block[9] ?? 0) + 1
  const pixels = block.readUInt16LE(5) * block.readUInt16LE(7)
  return [block.subarray(0, dataAt), wholeSubBlocks(block.subarray(dataAt), block[dataAt - 1] ?? 0, pixels)]
}

function headWith(bytes: Buffer, widthPx: number, heightPx: number): Buffer {
  const written = Buffer.from(bytes)
  written.writeUInt16LE(widthPx, 6)
  written.writeUInt16LE(heightPx, 8)
  // Pixel aspect ratio: square, because hardly any viewer supports others.
  written[12] = 0
  return written
}

function controlOf(block: Buffer): Buffer | undefined {
  return block[2] === 4 ? Buffer.from([...block.subarray(0, 7), 0]) : undefined
}

/** The repetition block without additional bytes; undefined for other blocks. */
function loopOf(block: Buffer): Buffer | undefined {
  if (block[1] !== application || block[2] !== 11 || !loopers.has(block.toString('latin1', 3, 14))) return undefined
  return block[14] === 3 && block[15] === 1 ? Buffer.from([...block.subarray(0, 18), 0]) : undefined
}

/** Yields the head and the blocks up to the trailer. Stops after a byte that begins no block, which it yields without a kind. */
function* blocksOf(gif: Buffer): Generator<Block> {
  if (gif.length < 13 || !/^GIF8[79]a$/.test(gif.toString('latin1', 0, 6))) throw new MalformedContainer('GIF')
  let at = 13 + colourTableBytes(gif[10] ?? 0)
  if (at > gif.length) throw new MalformedContainer('GIF')
  yield { kind: head, bytes: gif.subarray(0, at) }
  while (at < gif.length) {
    const start = at
    const kind = gif[at]
    if (kind === image) at = endOfSubBlocks(gif, at + 10 + colourTableBytes(gif[at + 9] ?? 0) + 1)
    else if (kind === extension) at = endOfSubBlocks(gif, at + 2)
    else if (kind === trailer) at++
    const isKnown = at > start
    yield { kind: isKnown ? kind : undefined, bytes: gif.subarray(start, at) }
    if (kind === trailer || !isKnown) return
  }
}

function colourTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0
}

function endOfSubBlocks(gif: Buffer, start: number): number {
  let at = start
  for (let size = gif[at]; size !== 0; size = gif[at]) {
    if (size === undefined) throw new MalformedContainer('GIF')
    at += 1 + size
  }
  return at + 1
}
