import { readGif, stripGif } from './gif.ts'
import { readJpeg, stripJpeg } from './jpeg.ts'
import type { Canvas, Layout } from './layout.ts'
import { readPng, stripPng } from './png.ts'
import { readWebp, stripWebp } from './webp.ts'

export type { Canvas, Layout } from './layout.ts'
export { MalformedContainer } from './malformed.ts'
export { cutIntoFrames, putFrames } from './png.ts'

export type ImageFormat = 'jpeg' | 'png' | 'gif' | 'webp'

/**
 * Reads what a viewer will reserve memory for, from the container itself: a decoder may tell something else.
 * @throws MalformedContainer when the parts contradict each other
 */
export function readLayout(format: ImageFormat, bytes: Buffer): Layout {
  switch (format) {
    case 'jpeg':
      return readJpeg(bytes)
    case 'png':
      return readPng(bytes)
    case 'gif':
      return readGif(bytes)
    case 'webp':
      return readWebp(bytes)
  }
}

/**
 * Writes the container anew with the same coded pixels and nothing else: each part that stays has its smallest form. An ICC
 * profile goes too. Only the orientation is written back, alone, because the pixels would stand wrong without it.
 * @param orientation EXIF orientation, 1 to 8
 * @param canvas what viewers are to show, before turning
 * @throws MalformedContainer also when a PNG hides something in its compressed pixels
 */
export async function stripMetadata(
  format: ImageFormat,
  bytes: Buffer,
  { orientation, canvas }: { orientation: number; canvas: Canvas },
): Promise<Buffer> {
  switch (format) {
    case 'jpeg':
      return stripJpeg(bytes, orientation)
    case 'png':
      return stripPng(bytes, orientation)
    case 'gif':
      return stripGif(bytes, canvas)
    case 'webp':
      return stripWebp(bytes, orientation)
  }
}
