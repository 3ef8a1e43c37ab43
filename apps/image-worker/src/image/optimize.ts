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
/** Tried in order while the result is bigger than the original file. */
const encodings = [quality, 50, 30].map((each) => webp({ quality: each }))

/**
 * Makes the served version of an image: upright, at most 1920×1080, WebP, with its animation and transparency and without metadata;
 * and a thumbnail. The result is never bigger than the original file.
 * @param signal aborts between the steps
 * @throws UnusableImage with a reason for the user
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

/** Returns the first encoding that is not bigger than the original; undefined when there is none. */
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
 * Keeps the original's coded pixels and strips everything else. They are complete, because they were decoded for the thumbnail. Encodes the
 * pixels again, if the result is not bigger, when stripping fails or would change their look.
 */
async function keepPixels(path: string, facts: ImageFacts, signal: AbortSignal): Promise<Picture> {
  const stripped = await strip(path, facts)
  const isTheSame = stripped && !facts.hasProfile && isUprightEverywhere(facts)
  const picture = (isTheSame ? undefined : await encodeAgain(path, facts, signal)) ?? stripped
  if (!picture) throw new UnusableImage('The file is damaged.')
  return picture
}

/** Encodes the pixels without loss, in sRGB. @returns undefined when the result is bigger than the original */
async function encodeAgain(path: string, facts: ImageFacts, signal: AbortSignal): Promise<Picture | undefined> {
  if (!facts.isAnimatedPng) return firstThatFits(path, exactEncodings(facts), signal)
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

/** Returns the image in the original's own format; undefined when its container is malformed. */
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

/** All viewers apply the orientation of a JPEG, but only some apply that of other formats. */
const isUprightEverywhere = ({ format, orientation }: ImageFacts) => format === 'jpeg' || orientation === 1

/** Encodings in sRGB, the most exact first. */
function exactEncodings({ format, isPalette }: ImageFacts): Encode[] {
  const png: Encode = (pipeline) => pipeline.png({ compressionLevel: 9, palette: isPalette })
  return [...(format === 'png' ? [png] : []), webp({ lossless: true }), webp({ quality: 10 })]
}

const inside = (size: typeof box) => ({ ...size, fit: 'inside', withoutEnlargement: true }) as const

const fits = ({ widthPx, heightPx }: ImageFacts) => widthPx <= box.width && heightPx <= box.height
