import sharp from 'sharp'

/** A picture with the noise of a real photo, so that its size behaves like one. */
export function photo(widthPx: number, heightPx: number) {
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const
  return sharp({ create: { width: widthPx, height: heightPx, channels: 3, background: '#888', noise } })
}

/** Left half red, right half blue: tells how the picture stands. */
export function redAndBlue(widthPx: number, heightPx: number) {
  const half = { width: widthPx / 2, height: heightPx, channels: 3, background: '#0000ff' } as const
  const picture = sharp({ create: { ...half, width: widthPx, background: '#ff0000' } })
  return picture.composite([{ input: { create: half }, left: widthPx / 2, top: 0 }])
}

/** As a phone writes it: camera, place and orientation. */
export const gpsExif = {
  IFD0: { Make: 'Phone', Model: 'One', Copyright: 'Somebody' },
  IFD3: {
    GPSLatitudeRef: 'N',
    GPSLatitude: '48/1 51/1 30/1',
    GPSLongitudeRef: 'E',
    GPSLongitude: '2/1 17/1 40/1',
  },
}

export async function gpsPhoto(widthPx: number, heightPx: number, orientation = 1): Promise<Buffer> {
  return photo(widthPx, heightPx).jpeg({ quality: 92 }).withExif(gpsExif).withMetadata({ orientation }).toBuffer()
}

/** Frames of a moving square, each shown for `delayMs`. */
export async function animation(format: 'gif' | 'webp', options: { sizePx: number; frames: number; delayMs: number }) {
  const { sizePx, frames, delayMs } = options
  const pages = await Promise.all(
    Array.from({ length: frames }, (_, index) => {
      const wall = { width: sizePx, height: sizePx, channels: 3, background: '#205040' } as const
      const square = { width: 16, height: 16, channels: 3, background: '#ffffff' } as const
      const left = (index * 7) % (sizePx - 16)
      return sharp({ create: wall })
        .composite([{ input: { create: square }, left, top: (index * 11) % (sizePx - 16) }])
        .png()
        .toBuffer()
    }),
  )
  const delay = new Array<number>(frames).fill(delayMs)
  return sharp(pages, { join: { animated: true } })
    .toFormat(format, { delay, loop: 3 })
    .toBuffer()
}

/** A flat PNG whose pixels take far more memory than the file. */
export function bomb(widthPx: number, heightPx: number): Promise<Buffer> {
  return sharp({ create: { width: widthPx, height: heightPx, channels: 3, background: '#000' } })
    .png({ palette: true, colours: 2 })
    .toBuffer()
}

/** Black and white dots by chance, one bit each: nothing that loses detail makes it smaller. */
export function dots(widthPx: number, heightPx: number) {
  let seed = 1
  const grey = Buffer.from(
    Array.from({ length: widthPx * heightPx }, () => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed & 64 ? 255 : 0
    }),
  )
  const raw = { width: widthPx, height: heightPx, channels: 1 } as const
  return sharp(grey, { raw }).png({ palette: true, colours: 2, compressionLevel: 9 })
}

/** The colour of one pixel, as [red, green, blue] of 0 to 255. */
export async function pixelAt(image: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(image).autoOrient().removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const at = (y * info.width + x) * info.channels
  return [...data.subarray(at, at + 3)]
}
