import { readFile } from 'node:fs/promises'
import type { Metadata } from 'sharp'
import { type Canvas, type ImageFormat, type Layout, MalformedContainer, readLayout } from '../containers/index.ts'
import { maxMegapixels, noImage, readHeader } from './engine.ts'
import { UnusableImage } from './unusable-image.ts'

export type ImageFacts = {
  format: ImageFormat
  /** Of one frame, before it is turned by its orientation. */
  canvas: Canvas
  /** Of one frame, as viewers show it. */
  widthPx: number
  heightPx: number
  /** EXIF orientation, 1 to 8. */
  orientation: number
  frames: number
  /** An animated PNG; the pipeline reads only its still image. */
  isAnimatedPng: boolean
  /** Colours from a palette, or less than 8 bits per channel. */
  isPalette: boolean
  /** Whether the file contains a colour profile. */
  hasProfile: boolean
}

const formats: ReadonlySet<string> = new Set(['jpeg', 'png', 'gif', 'webp'] satisfies ImageFormat[])
const maxWholeBytes = 256 * 1024 ** 2
/** Programs write about ten scans. A small file can contain thousands, and a decoder processes the whole image for each. */
const maxScans = 100
/** Limits small frames, whose pixels alone stay below the limit: each frame costs decoders and viewers time. */
const maxFrames = 5_000
const damaged = 'The file is damaged or incomplete.'

/**
 * Reads an image's header and refuses unsupported formats and images that are too large, for the decoder here and for viewers, to which
 * the file's own pixels may be served. Decoder and container must agree on the size.
 * @throws UnusableImage
 */
export async function inspect(path: string): Promise<ImageFacts> {
  const header = await readHeader(path)
  if (!isFormat(header.format)) throw new UnusableImage(noImage)
  const layout = layoutOf(header.format, await readFile(path))
  const canvas = { widthPx: header.width, heightPx: header.pageHeight ?? header.height }
  const frames = Math.max(layout.frames, header.pages ?? 1)
  refuseTooManyPixels(canvas, layout, frames)
  refuseTooMuchMemory(header)
  refuseTooManyScans(layout)
  refuseTooManyFrames(frames)
  refuseContradictions(header.format, canvas, layout)
  return {
    format: header.format,
    canvas,
    widthPx: header.autoOrient.width,
    heightPx: header.pageHeight ?? header.autoOrient.height,
    orientation: header.orientation ?? 1,
    frames,
    isAnimatedPng: header.format === 'png' && frames > 1,
    isPalette: header.isPalette === true || (header.bitsPerSample ?? 8) < 8,
    hasProfile: header.hasProfile,
  }
}

function layoutOf(format: ImageFormat, bytes: Buffer): Layout {
  try {
    return readLayout(format, bytes)
  } catch (cause) {
    if (cause instanceof MalformedContainer) throw new UnusableImage(damaged, { cause })
    throw cause
  }
}

function refuseTooManyPixels(decoded: Canvas, { widthPx, heightPx }: Layout, frames: number): void {
  const pixelsOf = (canvas: Canvas) => canvas.widthPx * canvas.heightPx
  const isLarger = widthPx * heightPx > pixelsOf(decoded)
  const megapixels = (Math.max(widthPx * heightPx, pixelsOf(decoded)) * frames) / 1_000_000
  if (megapixels <= maxMegapixels) return
  const canvas = isLarger ? ` Its canvas is ${widthPx}×${heightPx} pixels.` : ''
  throw new UnusableImage(
    `The image has ${megapixels.toFixed(1)} megapixels over all its frames; at most ${maxMegapixels} are accepted.${canvas}`,
  )
}

/** The decoder holds an interlaced or turned PNG in memory as a whole; 50 megapixels with 16 bits per channel exceed the process's limit. */
function refuseTooMuchMemory({ format, width, height, channels, depth, isProgressive, orientation }: Metadata): void {
  if (format !== 'png' || (!isProgressive && (orientation ?? 1) === 1)) return
  const bytes = width * height * channels * (depth === 'ushort' ? 2 : 1)
  if (bytes <= maxWholeBytes) return
  const [neededMiB, maxMiB] = [bytes, maxWholeBytes].map((value) => Math.ceil(value / 1024 ** 2))
  throw new UnusableImage(
    `The image is an interlaced or turned PNG of ${neededMiB} MiB when opened; at most ${maxMiB} MiB are accepted.`,
  )
}

function refuseTooManyScans({ scans }: Layout): void {
  if (scans <= maxScans) return
  throw new UnusableImage(`The image is a JPEG of ${scans} scans; at most ${maxScans} are accepted. Save it again.`)
}

function refuseTooManyFrames(frames: number): void {
  if (frames <= maxFrames) return
  throw new UnusableImage(`The image has ${frames} frames; at most ${maxFrames} are accepted. Save it with fewer.`)
}

/** The size of a GIF is not compared, because decoders disagree on it. A truncated GIF is refused, because the decoder accepts its complete frames. */
function refuseContradictions(format: ImageFormat, decoded: Canvas, { widthPx, heightPx, isWhole }: Layout): void {
  const isAgreed = format === 'gif' || (decoded.widthPx === widthPx && decoded.heightPx === heightPx)
  const isHalf = format === 'gif' && !isWhole
  if (!isAgreed || isHalf) throw new UnusableImage(damaged)
}

function isFormat(format: string | undefined): format is ImageFormat {
  return format !== undefined && formats.has(format)
}
