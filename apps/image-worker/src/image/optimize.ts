import { readFile, stat } from 'node:fs/promises'
import type { Sharp, WebpOptions } from 'sharp'
import { cutIntoFrames, MalformedContainer, putFrames, stripMetadata } from '../containers/index.ts'
import { pipelineOf, run } from './engine.ts'
import { type ImageFacts, inspect } from './inspect.ts'
import { UnusableImage } from './unusable-image.ts'

export type OptimizedImage = {
  bytes: Buffer
  contentType: string
  widthPx: number
  heightPx: number
  /** WebP, not animated. */
  thumbnail: Buffer
}

type Picture = Omit<OptimizedImage, 'thumbnail'>
type Encode = (pipeline: Sharp) => Sharp

const box = { width: 1920, height: 1080 }
const thumbnailBox = { width: 320, height: 320 }
const webp =
  (options: WebpOptions): Encode =>
  (pipeline) =>
    pipeline.webp(options)
const quality = 70
/** Tried in turn while the result is bigger than the file it came from. */
const encodings = [quality, 50, 30].map((each) => webp({ quality: each }))

/**
 * Makes the version of an image that people get: upright, at most 1920×1080, WebP, animation and transparency kept,
 * without metadata; and a thumbnail. Never bigger than the file it came from.
 * @param signal stops between the steps
 * @throws UnusableImage with a reason for the person who uploaded it
 */
export async function optimize(path: string, signal: AbortSignal): Promise<OptimizedImage> {
  signal.throwIfAborted()
  const facts = await inspect(path)
  const thumbnail = await run(pipelineOf(path).autoOrient().resize(inside(thumbnailBox)).webp({ quality }))
  signal.throwIfAborted()
  const isKept = facts.isAnimatedPng && fits(facts)
  const picture = isKept ? undefined : await firstThatFits(path, encodings, signal)
  return { ...(picture ?? (await keepPixels(path, facts, signal))), thumbnail: thumbnail.data }
}

/** The first encoding that is no bigger than the original; undefined when there is none. */
async function firstThatFits(path: string, encodings: Encode[], signal: AbortSignal): Promise<Picture | undefined> {
  const { size: originalBytes } = await stat(path)
  for (const encode of encodings) {
    const { data, info } = await run(encode(pipelineOf(path, { animated: true }).autoOrient().resize(inside(box))))
    signal.throwIfAborted()
    if (data.length > originalBytes) continue
    const heightPx = info.pageHeight ?? info.height
    return { bytes: data, contentType: `image/${info.format}`, widthPx: info.width, heightPx }
  }
  return undefined
}

/**
 * The original's pixels without anything else; they were decoded once for the thumbnail, so they are known to be whole.
 * Where that would change how they look, or can't be done, they are drawn anew, as far as that is no bigger.
 */
async function keepPixels(path: string, facts: ImageFacts, signal: AbortSignal): Promise<Picture> {
  const stripped = await strip(path, facts)
  const isTheSame = stripped && !facts.hasProfile && isUprightEverywhere(facts)
  const picture = (isTheSame ? undefined : await drawAnew(path, facts, signal)) ?? stripped
  if (!picture) throw new UnusableImage('The file is damaged.')
  return picture
}

/** Undefined when that would be bigger than the original. */
async function drawAnew(path: string, facts: ImageFacts, signal: AbortSignal): Promise<Picture | undefined> {
  if (!facts.isAnimatedPng) return firstThatFits(path, exactly(facts), signal)
  if (!facts.hasProfile) return undefined
  const original = await readFile(path)
  return asPicture(facts, async () => {
    const frames: Buffer[] = []
    for (const frame of cutIntoFrames(original)) {
      const { data } = await run(pipelineOf(frame).toColourspace('srgb').ensureAlpha().png({ compressionLevel: 9 }))
      signal.throwIfAborted()
      frames.push(data)
    }
    const bytes = await putFrames(original, frames, facts.orientation)
    return bytes.length <= original.length ? bytes : undefined
  })
}

const strip = (path: string, facts: ImageFacts): Promise<Picture | undefined> =>
  asPicture(facts, async () => stripMetadata(facts.format, await readFile(path), facts))

/** What is written in the original's own container; undefined when that is malformed. */
async function asPicture(
  { format, widthPx, heightPx }: ImageFacts,
  write: () => Promise<Buffer | undefined>,
): Promise<Picture | undefined> {
  try {
    const bytes = await write()
    return bytes && { bytes, contentType: `image/${format}`, widthPx, heightPx }
  } catch (error) {
    if (error instanceof MalformedContainer) return undefined
    throw error
  }
}

/** All viewers turn a JPEG by its orientation, and some of them other formats. */
const isUprightEverywhere = ({ format, orientation }: ImageFacts) => format === 'jpeg' || orientation === 1

/** In sRGB and upright, as near to the original's pixels as there is room for. */
function exactly({ format, isPalette }: ImageFacts): Encode[] {
  const png: Encode = (pipeline) => pipeline.png({ compressionLevel: 9, palette: isPalette })
  return [...(format === 'png' ? [png] : []), webp({ lossless: true }), webp({ quality: 10 })]
}

const inside = (size: typeof box) => ({ ...size, fit: 'inside', withoutEnlargement: true }) as const

const fits = ({ widthPx, heightPx }: ImageFacts) => widthPx <= box.width && heightPx <= box.height
