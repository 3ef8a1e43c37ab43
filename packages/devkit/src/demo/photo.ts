import sharp from 'sharp'

/** The size of a phone's photos. */
const widthPx = 4032
const heightPx = 3024

/** Renders a JPEG of a landscape with grain and the EXIF data of a camera, GPS position included. */
export async function makePhoto(): Promise<Buffer> {
  const grain = await sharp({
    create: {
      width: widthPx / 4,
      height: heightPx / 4,
      channels: 3,
      background: { r: 128, g: 128, b: 128 },
      noise: { type: 'gaussian', mean: 128, sigma: 30 },
    },
  })
    .resize(widthPx, heightPx)
    .raw()
    .toBuffer()
  // Rendering the SVG at full size takes seconds. Enlarging it only softens the edges.
  const hills = await sharp(Buffer.from(landscape)).resize(widthPx, heightPx).removeAlpha().raw().toBuffer()
  const raw = { width: widthPx, height: heightPx, channels: 3 } as const
  return sharp(hills, { raw })
    .composite([{ input: grain, raw, blend: 'soft-light' }])
    .withExif({
      IFD0: { Make: 'Muster', Model: 'Demo camera', Software: 'npm run demo' },
      IFD2: { DateTimeOriginal: '2026:11:20 12:00:00' },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '47/1 22/1 36/1',
        GPSLongitudeRef: 'E',
        GPSLongitude: '8/1 32/1 24/1',
      },
    })
    .jpeg({ quality: 95 })
    .toBuffer()
}

const slopes = [
  ['#3f6f5f', 'M0 2000 C 800 1500 1500 2300 2300 1800 S 3600 1600 4032 1900 V3024 H0Z'],
  ['#2c5244', 'M0 2400 C 900 2000 1700 2700 2600 2250 S 3700 2200 4032 2400 V3024 H0Z'],
  ['#1d372d', 'M0 2750 C 1200 2450 2000 2950 3000 2650 S 3900 2700 4032 2750 V3024 H0Z'],
].map(([colour, path]) => `<path fill="${colour}" d="${path}"/>`)

const landscape = `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx / 4}" height="${heightPx / 4}" viewBox="0 0 ${widthPx} ${heightPx}">
  <defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
    <stop offset="0" stop-color="#2f6fb5"/><stop offset="0.6" stop-color="#f3d9b1"/>
  </linearGradient></defs>
  <rect width="100%" height="100%" fill="url(#sky)"/>
  <circle cx="3000" cy="900" r="260" fill="#fff4d6"/>
  ${slopes.join('')}
</svg>`

export type ImageFacts = { sizeBytes: number; widthPx: number; heightPx: number; format: string; hasGps: boolean }

/** Reads size, format and the presence of GPS data from an image. */
export async function describeImage(bytes: Buffer): Promise<ImageFacts> {
  const { width, height, format, exif } = await sharp(bytes).metadata()
  return {
    sizeBytes: bytes.length,
    widthPx: width,
    heightPx: height,
    format,
    hasGps: exif ? hasGpsDirectory(exif) : false,
  }
}

/** Searches the first directory of EXIF data for the pointer to GPS data (tag 0x8825; TIFF 6.0, Exif 2.3). */
export function hasGpsDirectory(exif: Buffer): boolean {
  const tiff = exif.subarray(exif.toString('latin1', 0, 4) === 'Exif' ? 6 : 0)
  const isLittleEndian = tiff.toString('latin1', 0, 2) === 'II'
  const read16 = (at: number) => (isLittleEndian ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const read32 = (at: number) => (isLittleEndian ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at))
  const directory = read32(4)
  const tags = Array.from({ length: read16(directory) }, (_, index) => read16(directory + 2 + index * 12))
  return tags.includes(0x8825)
}
