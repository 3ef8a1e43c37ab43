import type { Layout } from './layout.ts'
import { MalformedContainer, readsToTheEnd } from './malformed.ts'
import { orientationOnlyExif } from './orientation.ts'
import { chunksOf } from './png-chunks.ts'
import { readParts, writeParts } from './png-parts.ts'
import { frameBytes, wholeStream } from './png-pixels.ts'

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
  const shown = isAnimated ? Math.max(1, announced, frames) : 1
  return { widthPx, heightPx, frames: shown, isAnimated: isAnimated && frames > 0, scans: 1, isWhole }
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
 * Writes a PNG with its pixels, transparency, density and animation; without text, time, EXIF, unknown chunks and all that states
 * colours (without it, viewers assume sRGB), and without bytes after the pixels, in their compressed data or after it.
 * @throws MalformedContainer also when the compressed data contains more or less than the pixels
 */
export function stripPng(png: Buffer, orientation: number): Promise<Buffer> {
  const parts = readParts(chunksOf(png))
  const data = orientationOnlyExif(orientation)
  const exif = data && { type: 'eXIf', data }
  return writeParts({ ...parts, colours: [], exif }, (frame) =>
    wholeStream(frame.pixels, frameBytes(parts.header, frame)),
  )
}
