import { mendGif, readGif, stripGif } from './gif.ts'
import { mendJpeg, readJpeg, stripJpeg } from './jpeg.ts'
import type { Canvas, Layout } from './layout.ts'
import { readPng, stripPng } from './png.ts'
import { mendPng } from './png-mend.ts'
import { readWebp, stripWebp } from './webp.ts'

export { type ApngFrame, readApng } from './apng.ts'
export type { Canvas, Layout } from './layout.ts'
export { MalformedContainer } from './malformed.ts'

export type ImageFormat = 'jpeg' | 'png' | 'gif' | 'webp'

/**
 * Reads the layout that decides how much memory a viewer reserves, from the container itself, because a decoder may report another one.
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
 * Writes a file again that decoders show although its end or a checksum is wrong, so that every step after this one reads it, and the
 * colours of a PNG as a profile. A WebP stays as it is, because decoders refuse one that breaks off.
 * @returns the same bytes when nothing is to be changed
 * @throws MalformedContainer when a PNG or GIF breaks off before its last pixel; a JPEG is for the decoder to judge
 */
export async function mend(format: ImageFormat, bytes: Buffer): Promise<Buffer> {
  switch (format) {
    case 'jpeg':
      return mendJpeg(bytes)
    case 'png':
      return mendPng(bytes)
    case 'gif':
      return mendGif(bytes)
    case 'webp':
      return bytes
  }
}

/**
 * Writes the container again with the same coded pixels and without metadata, colour profiles and unknown parts. Each remaining part has its
 * smallest form. The orientation is kept as the only EXIF entry, because viewers need it to turn the pixels.
 * @param orientation EXIF orientation, 1 to 8
 * @param canvas size of the image before it is turned
 * @throws MalformedContainer also when the compressed pixels of a PNG contain more than the pixels
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
