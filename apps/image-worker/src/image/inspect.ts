import { open, readFile } from 'node:fs/promises'
import type { Metadata } from 'sharp'
import { gifBreaksOff, type ImageFormat, pngFrames } from '../strip/index.ts'
import { maxMegapixels, noImage, readHeader } from './engine.ts'
import { UnusableImage } from './unusable-image.ts'

export type ImageFacts = {
  format: ImageFormat
  /** Of one frame, as it is shown: after turning by its orientation. */
  widthPx: number
  heightPx: number
  /** EXIF orientation, 1 to 8. */
  orientation: number
  frames: number
  /** An animation that the pipeline can't read and would make a still image of. */
  isAnimatedPng: boolean
}

const formats: ReadonlySet<string> = new Set(['jpeg', 'png', 'gif', 'webp'] satisfies ImageFormat[])
const maxWholeBytes = 256 * 1024 ** 2
/** The animation chunk of a PNG stands before its pixels; what lies before it is rarely more than a colour profile. */
const pngHeadBytes = 1024 ** 2

/** Reads an image's header and refuses what is no image of ours or too large. @throws UnusableImage */
export async function inspect(path: string): Promise<ImageFacts> {
  const header = await readHeader(path)
  if (!isFormat(header.format)) throw new UnusableImage(noImage)
  const frames = header.format === 'png' ? pngFrames(await headOf(path)) : (header.pages ?? 1)
  refuseTooManyPixels(header, frames)
  refuseTooMuchMemory(header)
  if (header.format === 'gif') refuseHalfAnAnimation(await readFile(path))
  return {
    format: header.format,
    widthPx: header.autoOrient.width,
    heightPx: header.pageHeight ?? header.autoOrient.height,
    orientation: header.orientation ?? 1,
    frames,
    isAnimatedPng: header.format === 'png' && frames > 1,
  }
}

function refuseTooManyPixels({ width, height, pageHeight }: Metadata, frames: number): void {
  const megapixels = (width * (pageHeight ?? height) * frames) / 1_000_000
  if (megapixels <= maxMegapixels) return
  throw new UnusableImage(
    `The image has ${megapixels.toFixed(1)} megapixels over all its frames; at most ${maxMegapixels} are accepted.`,
  )
}

/** An interlaced or turned PNG is held whole; with 16 bits a channel, 50 megapixels of it would burst the process. */
function refuseTooMuchMemory({ format, width, height, channels, depth, isProgressive, orientation }: Metadata): void {
  if (format !== 'png' || (!isProgressive && (orientation ?? 1) === 1)) return
  const bytes = width * height * channels * (depth === 'ushort' ? 2 : 1)
  if (bytes <= maxWholeBytes) return
  const [neededMiB, maxMiB] = [bytes, maxWholeBytes].map((value) => Math.ceil(value / 1024 ** 2))
  throw new UnusableImage(
    `The image is an interlaced or turned PNG of ${neededMiB} MiB when opened; at most ${maxMiB} MiB are accepted.`,
  )
}

/** The decoder would take the frames that are whole for all of them. */
function refuseHalfAnAnimation(gif: Buffer): void {
  if (gifBreaksOff(gif)) throw new UnusableImage('The file is damaged or incomplete.')
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(pngHeadBytes), 0, pngHeadBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function isFormat(format: string | undefined): format is ImageFormat {
  return format !== undefined && formats.has(format)
}
