import { readFile, writeFile } from 'node:fs/promises'
import type { Metadata } from 'sharp'
import {
  type Canvas,
  type ImageFormat,
  type Layout,
  MalformedContainer,
  mend,
  readLayout,
} from '../containers/index.ts'
import { decode, maxMegapixels, noImage, pipelineOf, readHeader } from './engine.ts'
import { UnusableImage } from './unusable-image.ts'

export type ImageFacts = {
  format: ImageFormat
  /** Size of the file before it was mended. */
  receivedBytes: number
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
  /** Whether the numbers of the pixels mean other colours than those of sRGB: the file contains a colour profile, or inks. */
  areColoursStated: boolean
}

const formats: ReadonlySet<string> = new Set(['jpeg', 'png', 'gif', 'webp'] satisfies ImageFormat[])
const maxWholeBytes = 256 * 1024 ** 2
/** Programs write about ten scans. A small file can contain thousands, and a decoder processes the whole image for each. */
const maxScans = 100
/** Limits small frames, whose pixels alone stay below the limit: each frame costs decoders and viewers time. */
const maxFrames = 5_000
const damaged = 'The file is damaged or incomplete.'

/**
 * Refuses unsupported formats and images that are too large, for the decoder here and for viewers, to which the file's own pixels may be
 * served; and images of which pixels are missing. Takes those that only lack their end or have a wrong checksum, because decoders show
 * them, and mends the file. So the verdict does not depend on what becomes of the image afterwards.
 * @throws UnusableImage
 */
export async function inspect(path: string): Promise<ImageFacts> {
  const received = await readFile(path)
  const found = await look(path, received)
  const mended = await refusingMalformed(() => mend(found.format, received))
  if (mended === received) return factsOf(found, received)
  await writeFile(path, mended)
  if (found.format === 'jpeg') await refuseMissingPixels(path)
  return factsOf(await look(path, mended), received)
}

/** Reads header and layout. Decoder and container must agree on the size. */
async function look(path: string, bytes: Buffer) {
  const header = await readHeader(path)
  const { format } = header
  if (!isFormat(format)) throw new UnusableImage(noImage)
  const layout = await refusingMalformed(async () => readLayout(format, bytes))
  const canvas = { widthPx: header.width, heightPx: header.pageHeight ?? header.height }
  const frames = Math.max(layout.frames, header.pages ?? 1)
  refuseTooManyPixels(canvas, layout, frames)
  refuseTooMuchMemory(header)
  refuseTooManyScans(layout)
  refuseTooManyFrames(frames)
  refuseContradictions(format, canvas, layout)
  return { format, header, canvas, frames, isAnimated: layout.isAnimated }
}

type Found = Awaited<ReturnType<typeof look>>

function factsOf({ format, header, canvas, frames, isAnimated }: Found, received: Buffer): ImageFacts {
  const { widthPx, heightPx } = canvas
  const orientation = isOrientation(header.orientation) ? header.orientation : upright
  return {
    format,
    receivedBytes: received.length,
    canvas,
    widthPx: isLying(orientation) ? heightPx : widthPx,
    heightPx: isLying(orientation) ? widthPx : heightPx,
    orientation,
    frames,
    isAnimatedPng: format === 'png' && isAnimated,
    isPalette: header.isPalette === true || (header.bitsPerSample ?? 8) < 8,
    areColoursStated: header.hasProfile || header.space === 'cmyk',
  }
}

const upright = 1
/** Returns whether an orientation exchanges width and height. */
export const isLying = (orientation: number): boolean => orientation >= 5
const isOrientation = (value: number | undefined): value is number => value !== undefined && value >= 1 && value <= 8

/** The decoder shows grey for what is missing of a JPEG, and only says so. */
async function refuseMissingPixels(path: string): Promise<void> {
  try {
    await decode(pipelineOf(path, { failOn: 'warning' }))
  } catch (error) {
    const { cause } = error as Error
    if (cause instanceof Error && /premature end/i.test(cause.message)) throw error
    // Other warnings are about oddities that change no pixel, or damage that all viewers show.
    if (!(error instanceof UnusableImage)) throw error
  }
}

async function refusingMalformed<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
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

/** The size of a GIF is not compared, because decoders disagree on it. */
function refuseContradictions(format: ImageFormat, decoded: Canvas, { widthPx, heightPx }: Layout): void {
  const isAgreed = format === 'gif' || (decoded.widthPx === widthPx && decoded.heightPx === heightPx)
  if (!isAgreed) throw new UnusableImage(damaged)
}

function isFormat(format: string | undefined): format is ImageFormat {
  return format !== undefined && formats.has(format)
}
