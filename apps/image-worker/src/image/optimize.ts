import { readFile } from 'node:fs/promises'
import type { Sharp, WebpOptions } from 'sharp'
import { MalformedContainer, stripMetadata } from '../containers/index.ts'
import { run } from './engine.ts'
import { type ImageFacts, inspect } from './inspect.ts'
import { canBeDrawn, openFrames, openStill, type Source } from './source.ts'
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
type Encode = (pipeline: Sharp, timing: Source['timing']) => Sharp

const box = { width: 1920, height: 1080 }
const thumbnailBox = { width: 320, height: 320 }
const inside = (size: typeof box) => ({ ...size, fit: 'inside', withoutEnlargement: true }) as const
const webp =
  (options: WebpOptions): Encode =>
  (pipeline, timing) =>
    pipeline.webp({ ...options, ...timing })
const quality = 70
const encodings = [quality, 50, 30].map((each) => webp({ quality: each }))

/**
 * Makes the served version of an image: upright, at most 1920×1080, WebP, with its animation and transparency and without metadata;
 * and a thumbnail. The result is never bigger than the original file, unless nothing smaller shows the same picture.
 * @param signal aborts between the steps
 * @throws UnusableImage with a reason for the user
 */
export async function optimize(path: string, signal: AbortSignal): Promise<OptimizedImage> {
  signal.throwIfAborted()
  const facts = await inspect(path)
  const still = await openStill(path, facts)
  const thumbnail = await run(still.resize(inside(thumbnailBox)).webp({ quality }))
  const picture = await firstThatFits(picturesOf(path, facts), facts, signal)
  return { ...picture, thumbnail: thumbnail.data }
}

/** Returns the first picture that is not bigger than the original file, else the smallest. */
async function firstThatFits(
  pictures: AsyncIterable<Picture>,
  { receivedBytes }: ImageFacts,
  signal: AbortSignal,
): Promise<Picture> {
  let smallest: Picture | undefined
  for await (const picture of pictures) {
    signal.throwIfAborted()
    if (picture.bytes.length <= receivedBytes) return picture
    if (!smallest || picture.bytes.length < smallest.bytes.length) smallest = picture
  }
  if (!smallest) throw new UnusableImage('The file is damaged.')
  return smallest
}

/**
 * Yields the served version in one form after the other, the best first. The file's own pixels are among them only where they look the
 * same without metadata, because the thumbnail is made from upright pixels in sRGB.
 */
async function* picturesOf(path: string, facts: ImageFacts): AsyncGenerator<Picture> {
  const isKept = !facts.areColoursStated && isUprightEverywhere(facts)
  const isKeptAnimation = isKept && facts.isAnimatedPng && fits(facts)
  if (isKeptAnimation) yield* stripped(path, facts)
  if (isKeptAnimation && !canBeDrawn(facts, box)) return
  const source = await openFrames(path, facts, inside(box))
  for (const encode of encodings) yield encoded(source, encode)
  if (isKept && !isKeptAnimation && !facts.isAnimatedPng) yield* stripped(path, facts)
  for (const encode of exactEncodings(facts)) yield encoded(source, encode)
}

async function encoded({ pipeline, timing }: Source, encode: Encode): Promise<Picture> {
  const { data, info } = await run(encode(pipeline(), timing))
  const heightPx = info.pageHeight ?? info.height
  return { bytes: data, contentType: `image/${info.format}`, widthPx: info.width, heightPx }
}

/** Yields the original's coded pixels without everything else; nothing when its container is malformed. */
async function* stripped(path: string, facts: ImageFacts): AsyncGenerator<Picture> {
  const { format, widthPx, heightPx } = facts
  try {
    const bytes = await stripMetadata(format, await readFile(path), facts)
    yield { bytes, contentType: `image/${format}`, widthPx, heightPx }
  } catch (error) {
    if (!(error instanceof MalformedContainer)) throw error
  }
}

/** All viewers apply the orientation of a JPEG, but only some apply that of other formats. */
const isUprightEverywhere = ({ format, orientation }: ImageFacts) => format === 'jpeg' || orientation === 1

/** Encodings of what would grow otherwise: the most exact first, then the smallest. */
function exactEncodings({ format, isPalette, isAnimatedPng }: ImageFacts): Encode[] {
  const png: Encode = (pipeline) => pipeline.png({ compressionLevel: 9, palette: isPalette })
  const isStillPng = format === 'png' && !isAnimatedPng
  return [...(isStillPng ? [png] : []), webp({ lossless: true }), webp({ quality: 10 }), webp({ quality: 1 })]
}

const fits = ({ widthPx, heightPx }: ImageFacts) => widthPx <= box.width && heightPx <= box.height
