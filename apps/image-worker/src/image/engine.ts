import sharp, { type Sharp, type SharpOptions } from 'sharp'
import { UnusableImage } from './unusable-image.ts'

export const maxMegapixels = 50
export const noImage = 'The file is no JPEG, PNG, GIF or WebP image.'

const timeoutSeconds = 120

// One job uses one core, so processes scale by their number; nothing is kept between jobs, so memory does not grow.
sharp.concurrency(1)
sharp.cache(false)

// Only these formats are ever opened, whatever a file's bytes claim: no SVG, no PDF, no container that reads other files.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadNsgif', 'VipsForeignLoadWebp'],
})

/** A pipeline over a file, by its path or whole, that refuses damaged and truncated data and stops by itself. */
export function pipelineOf(file: string | Buffer, options: Pick<SharpOptions, 'animated'> = {}): Sharp {
  const limits = { limitInputPixels: maxMegapixels * 1_000_000, failOn: 'error' } as const
  return sharp(file, { ...limits, ...options }).timeout({ seconds: timeoutSeconds })
}

/** Reads what the file says of itself; no pixel is decoded, so its size does not matter yet. */
export async function readHeader(path: string) {
  return sharp(path, { animated: true, limitInputPixels: false }).metadata().catch(refuse)
}

/**
 * Runs a pipeline into memory. What it throws is the input's fault, since nothing is written, but for a timeout.
 * @throws UnusableImage
 */
export async function run(pipeline: Sharp) {
  return pipeline.toBuffer({ resolveWithObject: true }).catch(refuse)
}

/** What libvips says of the machine rather than of the file. */
const machineWords =
  /unix error|out of memory|cannot allocate|no space left|too many open files|permission denied|read-only file system|unable to (?:create|open) temp/i

function refuse(cause: unknown): never {
  if (cause instanceof Error && /^(timeout|Input file is missing)/.test(cause.message)) throw cause
  if (cause instanceof Error && machineWords.test(cause.message)) throw cause
  const isUnknown = cause instanceof Error && cause.message.includes('unsupported image format')
  throw new UnusableImage(isUnknown ? noImage : 'The file is damaged or incomplete.', { cause })
}
