import { readFile, stat } from 'node:fs/promises'
import { MalformedContainer, stripMetadata } from '../strip/index.ts'
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

const box = { width: 1920, height: 1080 }
const thumbnailBox = { width: 320, height: 320 }
const quality = 70
/** Tried in turn while the result is bigger than the file it came from. */
const lowerQualities = [50, 30]

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
  const picture = (await smallest(path, facts, signal)) ?? (await stripped(path, facts))
  return { ...picture, thumbnail: thumbnail.data }
}

/** The first quality at which the WebP is no bigger than the original; undefined when there is none. */
async function smallest(path: string, facts: ImageFacts, signal: AbortSignal): Promise<Picture | undefined> {
  if (facts.isAnimatedPng && fits(facts)) return undefined
  const { size: originalBytes } = await stat(path)
  for (const each of [quality, ...lowerQualities]) {
    const pipeline = pipelineOf(path, { animated: true })
    const { data, info } = await run(pipeline.autoOrient().resize(inside(box)).webp({ quality: each }))
    signal.throwIfAborted()
    if (data.length <= originalBytes) {
      return { bytes: data, contentType: 'image/webp', widthPx: info.width, heightPx: info.pageHeight ?? info.height }
    }
  }
  return undefined
}

/** The original's pixels; they were decoded once for the thumbnail, so they are known to be whole. */
async function stripped(path: string, { format, orientation, widthPx, heightPx }: ImageFacts): Promise<Picture> {
  try {
    const bytes = stripMetadata(format, await readFile(path), orientation)
    return { bytes, contentType: `image/${format}`, widthPx, heightPx }
  } catch (cause) {
    if (cause instanceof MalformedContainer) throw new UnusableImage('The file is damaged.', { cause })
    throw cause
  }
}

const inside = (size: typeof box) => ({ ...size, fit: 'inside', withoutEnlargement: true }) as const

const fits = ({ widthPx, heightPx }: ImageFacts) => widthPx <= box.width && heightPx <= box.height
