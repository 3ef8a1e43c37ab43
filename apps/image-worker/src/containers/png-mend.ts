import { MalformedContainer } from './malformed.ts'
import { type Chunk, foundChunksOf } from './png-chunks.ts'
import { colourProfile } from './png-colours.ts'
import { type PngParts, picturesOf, readParts, writeParts } from './png-parts.ts'
import { deflatedAgain, frameBytes, isIntactStream } from './png-pixels.ts'

/** Chunks of which a part says nothing or too little. */
const neededWhole = new Set(['IHDR', 'PLTE', 'acTL', 'fcTL'])

/**
 * Writes a PNG again that breaks off after its last pixel or has wrong checksums, so that every decoder reads it, and with a colour
 * profile instead of the chunks that state its colours in another way, because decoders here know profiles only.
 * @returns the same bytes when nothing is to be changed
 * @throws MalformedContainer when it breaks off before its last pixel
 */
export async function mendPng(png: Buffer): Promise<Buffer> {
  const chunks: Chunk[] = []
  let isIntact = true
  let last = ''
  for (const found of foundChunksOf(png)) {
    if (!found.isWhole && neededWhole.has(found.type)) throw new MalformedContainer('PNG')
    isIntact &&= found.isIntact
    if (found.isWhole || isPixels(found)) chunks.push(found)
    last = found.type
  }
  const parts = readParts(chunks)
  const isCutOff = last !== 'IEND'
  if (isCutOff && parts.frames.length < (parts.animation?.announcedFrames ?? 0)) throw new MalformedContainer('PNG')
  const colours = colourProfile(parts)
  const areStreamsIntact = await hasIntactStreams(parts)
  if (isIntact && !isCutOff && areStreamsIntact && colours === parts.colours) return png
  return writeParts({ ...parts, colours }, async (frame) => {
    const expectedBytes = frameBytes(parts.header, frame)
    const isIntact = await isIntactStream(frame.pixels, expectedBytes)
    return isIntact ? Buffer.concat(frame.pixels) : deflatedAgain(frame.pixels, expectedBytes)
  })
}

const isPixels = ({ type }: Chunk) => type === 'IDAT' || type === 'fdAT'

async function hasIntactStreams(parts: PngParts): Promise<boolean> {
  for (const frame of picturesOf(parts)) {
    if (!(await isIntactStream(frame.pixels, frameBytes(parts.header, frame)))) return false
  }
  return true
}
