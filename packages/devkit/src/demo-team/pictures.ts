import sharp from 'sharp'

type Bytes = Uint8Array<ArrayBuffer>
const bytesOf = (buffer: Buffer): Bytes => new Uint8Array(buffer)
const render = (svg: string) => sharp(Buffer.from(svg))

/** Colours far from each other, one for each number. */
const colour = (number: number, lightness = 45) => `hsl(${(number * 137) % 360} 48% ${lightness}%)`

/** Draws a face without a person: shapes in the colour of a number. */
export async function drawAvatar(number: number): Promise<Bytes> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512">
    <rect width="512" height="512" fill="${colour(number, 82)}"/>
    <circle cx="256" cy="206" r="${84 + (number % 3) * 8}" fill="${colour(number, 38)}"/>
    <ellipse cx="256" cy="472" rx="${170 + (number % 2) * 24}" ry="150" fill="${colour(number, 38)}"/>
  </svg>`
  return bytesOf(await render(svg).png().toBuffer())
}

/** Draws a poster: circles and bars on paper. */
export async function drawPoster(number: number): Promise<Bytes> {
  const circles = Array.from({ length: 9 }, (_, index) => {
    const angle = index * 2.4 + number
    const distance = 60 + index * 44
    return `<circle cx="${(600 + Math.cos(angle) * distance).toFixed()}" cy="${(620 + Math.sin(angle) * distance).toFixed()}"
      r="${150 - index * 9}" fill="${colour(number + index)}" fill-opacity="0.78"/>`
  })
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="1600">
    <rect width="1200" height="1600" fill="#f6f1e7"/>${circles.join('')}
    <rect x="120" y="1260" width="760" height="64" rx="8" fill="#26231f"/>
    <rect x="120" y="1356" width="520" height="36" rx="8" fill="#8b857b"/>
  </svg>`
  return bytesOf(await render(svg).png().toBuffer())
}

/** Draws a landscape as a JPEG. */
export async function drawLandscape(number: number): Promise<Bytes> {
  const hill = (y: number, lightness: number) =>
    `<path fill="hsl(${150 + number * 14} 28% ${lightness}%)" d="M0 ${y} C400 ${y - 260} 760 ${y + 130} 1100 ${y - 60} S1500 ${y - 160} 1600 ${y} V1200 H0z"/>`
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="1200">
    <defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stop-color="hsl(${205 + number * 9} 60% 58%)"/><stop offset="0.7" stop-color="#f6e2c0"/>
    </linearGradient></defs>
    <rect width="1600" height="1200" fill="url(#sky)"/><circle cx="${1_200 - number * 140}" cy="330" r="96" fill="#fff6df"/>
    ${hill(720, 46)}${hill(860, 34)}${hill(1_010, 23)}
  </svg>`
  return bytesOf(await render(svg).jpeg({ quality: 88 }).toBuffer())
}

/** Returns a file that begins as a JPEG and ends too early, as after a broken transfer. */
export async function cutOffPicture(): Promise<Bytes> {
  return (await drawLandscape(4)).slice(0, 400)
}
