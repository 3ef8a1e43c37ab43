import { deflateSync } from 'node:zlib'
import { type Curve, greyProfile, type Primaries, rgbProfile } from './icc.ts'
import type { Chunk } from './png-chunks.ts'
import type { PngParts } from './png-parts.ts'

const d65 = [0.3127, 0.329] as const
const srgb: Primaries = { white: d65, red: [0.64, 0.33], green: [0.3, 0.6], blue: [0.15, 0.06] }
/** Primaries of `cICP` by their code (ITU-T H.273). */
const primariesByCode: ReadonlyMap<number | undefined, Primaries> = new Map([
  [1, srgb],
  [9, { white: d65, red: [0.708, 0.292], green: [0.17, 0.797], blue: [0.131, 0.046] }],
  [12, { white: d65, red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] }],
])
/** Curves of `cICP` by their code: linear and sRGB. Those of high dynamic range have no profile. */
const curvesByCode: ReadonlyMap<number | undefined, Curve> = new Map<number, Curve>([
  [8, [1]],
  [13, [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]],
])
/** How far numbers may be from those of sRGB: programs round, and write them beside pixels in sRGB. */
const tolerance = { gamma: 0.01, chromaticity: 0.005 }

/**
 * Returns the chunks that state the colours of a PNG, with a profile in place of `gAMA`, `cHRM` and `cICP`, as browsers read them
 * (W3C PNG, third edition, 4.3); the same array when there is nothing to replace.
 */
export function colourProfile({ header, colours }: Pick<PngParts, 'header' | 'colours'>): Chunk[] {
  const dataOf = (name: string) => colours.find(({ type }) => type === name)?.data
  const isGrey = header[9] === 0 || header[9] === 4
  const cicp = dataOf('cICP')
  if (cicp) {
    const [primaries, curve] = [primariesByCode.get(cicp[0]), curvesByCode.get(cicp[1])]
    return primaries && curve ? replaced(isGrey, primaries, curve) : colours.filter(({ type }) => type !== 'cICP')
  }
  const gamma = dataOf('gAMA')
  if (!gamma || dataOf('iCCP') || dataOf('sRGB')) return colours
  const encoding = gamma.length === 4 ? gamma.readUInt32BE(0) / 100_000 : 0
  const primaries = primariesOf(dataOf('cHRM'))
  if (encoding <= 0.01 || (isNear(encoding, 1 / 2.2, tolerance.gamma) && isSrgb(primaries))) return colours
  return replaced(isGrey, primaries, [1 / encoding])
}

function replaced(isGrey: boolean, primaries: Primaries, curve: Curve): Chunk[] {
  const profile = isGrey ? greyProfile(curve) : rgbProfile(primaries, curve)
  return [{ type: 'iCCP', data: Buffer.concat([Buffer.from('colours\0\0', 'latin1'), deflateSync(profile)]) }]
}

/** Reads `cHRM`; sRGB when it is missing or impossible. */
function primariesOf(data: Buffer | undefined): Primaries {
  if (data?.length !== 32) return srgb
  const point = (at: number) => [data.readUInt32BE(at) / 100_000, data.readUInt32BE(at + 4) / 100_000] as const
  const read = { white: point(0), red: point(8), green: point(16), blue: point(24) }
  const isPossible = Object.values(read).every(([x, y]) => y > 0 && x + y <= 1.0001) && area(read) > 0.001
  return isPossible ? read : srgb
}

/** Of the triangle of the primaries; without one, they are no colour space. */
const area = ({ red, green, blue }: Primaries) =>
  Math.abs((green[0] - red[0]) * (blue[1] - red[1]) - (blue[0] - red[0]) * (green[1] - red[1])) / 2

const isSrgb = (primaries: Primaries) =>
  (['white', 'red', 'green', 'blue'] as const).every((name) =>
    primaries[name].every((value, index) => isNear(value, srgb[name][index] ?? 0, tolerance.chromaticity)),
  )

const isNear = (value: number, other: number, by: number) => Math.abs(value - other) <= by
