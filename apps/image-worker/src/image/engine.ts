import sharp, { type Sharp, type SharpOptions } from 'sharp'
import { UnusableImage } from './unusable-image.ts'

export const maxMegapixels = 50
export const noImage = 'The file is not a JPEG, PNG, GIF or WebP image.'

const timeoutSeconds = 120

// One job uses one core, so that the number of processes scales; nothing is cached, so that memory does not grow.
sharp.concurrency(1)
sharp.cache(false)

// No other format is opened, regardless of the file's content: no SVG, no PDF, no format that reads other files.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadNsgif', 'VipsForeignLoadWebp'],
})

/** Creates a pipeline for a file, given as path or bytes, or for raw pixels. It refuses damaged and truncated data and has a timeout. */
export function pipelineOf(
  file: string | Buffer,
  options: Pick<SharpOptions, 'animated' | 'raw' | 'failOn'> = {},
): Sharp {
  const limits = { limitInputPixels: maxMegapixels * 1_000_000, failOn: 'error' } as const
  return sharp(file, { ...limits, ...options }).timeout({ seconds: timeoutSeconds })
}

/** Reads the header of a file that may break off, without decoding pixels and without a limit on their number. */
export async function readHeader(path: string) {
  return sharp(path, { animated: true, limitInputPixels: false, failOn: 'none' }).metadata().catch(refuse)
}

/**
 * Runs a pipeline into memory.
 * @throws UnusableImage for any error but timeouts and errors of the operating system
 */
export async function run(pipeline: Sharp) {
  return pipeline.toBuffer({ resolveWithObject: true }).catch(refuse)
}

/** Decodes every pixel of a pipeline. @throws UnusableImage as {@link run} does */
export async function decode(pipeline: Sharp): Promise<void> {
  await pipeline.stats().catch(refuse)
}

/** Messages of libvips about the machine, not about the file. */
const machineErrors =
  /unix error|out of memory|cannot allocate|no space left|too many open files|permission denied|read-only file system|unable to (?:create|open) temp/i

function refuse(cause: unknown): never {
  if (cause instanceof Error && /^(timeout|Input file is missing)/.test(cause.message)) throw cause
  if (cause instanceof Error && machineErrors.test(cause.message)) throw cause
  const isUnknown = cause instanceof Error && cause.message.includes('unsupported image format')
  throw new UnusableImage(isUnknown ? noImage : 'The file is damaged or incomplete.', { cause })
}
