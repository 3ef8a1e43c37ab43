/** Chromaticities as x and y of CIE 1931. */
type Point = readonly [x: number, y: number]
export type Primaries = { white: Point; red: Point; green: Point; blue: Point }
/** The exponent of a power function, or the parameters g, a, b, c, d of ICC's function with a linear part. */
export type Curve = readonly [number] | readonly [number, number, number, number, number]

type Vector = readonly [number, number, number]
type Matrix = readonly [Vector, Vector, Vector]

const d50: Vector = [0.9642, 1, 0.8249]
/** Bradford's transformation to the responses of the eye's cones (ICC.1:2022, annex E). */
const bradford: Matrix = [
  [0.8951, 0.2664, -0.1614],
  [-0.7502, 1.7135, 0.0367],
  [0.0389, -0.0685, 1.0296],
]

/** Builds the smallest profile (ICC.1:2022) of RGB with these primaries and this curve. */
export function rgbProfile(primaries: Primaries, curve: Curve): Buffer {
  const [red, green, blue] = colorants(primaries)
  const [trc, [r, g, b]] = [curveTag(curve), [red, green, blue].map(xyzTag) as [Buffer, Buffer, Buffer]]
  const tags = { wtpt: xyzTag(d50), rXYZ: r, gXYZ: g, bXYZ: b, rTRC: trc, gTRC: trc, bTRC: trc }
  return profile('RGB ', tags)
}

/** Builds the smallest profile of grey with this curve. */
export const greyProfile = (curve: Curve): Buffer => profile('GRAY', { wtpt: xyzTag(d50), kTRC: curveTag(curve) })

function profile(space: 'RGB ' | 'GRAY', tags: Record<string, Buffer>): Buffer {
  const table = Object.entries(tags)
  const head = Buffer.alloc(128 + 4 + 12 * table.length)
  head.writeUInt32BE(0x04_30_00_00, 8) // version 4.3
  head.write(`mntr${space}XYZ `, 12, 'latin1')
  head.write('acsp', 36, 'latin1')
  xyz(d50).copy(head, 68)
  head.writeUInt32BE(table.length, 128)
  let at = head.length
  for (const [index, [name, data]] of table.entries()) {
    head.write(name, 132 + 12 * index, 'latin1')
    head.writeUInt32BE(at, 136 + 12 * index)
    head.writeUInt32BE(data.length, 140 + 12 * index)
    at += data.length
  }
  head.writeUInt32BE(at, 0)
  return Buffer.concat([head, ...table.map(([, data]) => data)])
}

const xyzTag = (values: Vector) => Buffer.concat([Buffer.from('XYZ \0\0\0\0', 'latin1'), xyz(values)])
const xyz = (values: Vector) => Buffer.concat(values.map(fixed))

function curveTag(curve: Curve): Buffer {
  const type = curve.length === 1 ? 0 : 3
  return Buffer.concat([Buffer.from('para\0\0\0\0', 'latin1'), Buffer.from([0, type, 0, 0]), ...curve.map(fixed)])
}

/** A signed number with 16 bits behind the point. */
function fixed(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(Math.round(value * 65_536))
  return bytes
}

/** The XYZ values of full red, green and blue, adapted to the white of the profile's connection space. */
function colorants({ white, red, green, blue }: Primaries): [Vector, Vector, Vector] {
  const columns = [red, green, blue].map(toXyz) as [Vector, Vector, Vector]
  const whiteXyz = toXyz(white)
  const shares = times(inverse(transposed(columns)), whiteXyz)
  const adapted = adaptation(whiteXyz)
  return columns.map((column, index) => times(adapted, scaled(column, shares[index] ?? 0))) as [Vector, Vector, Vector]
}

const toXyz = ([x, y]: Point): Vector => [x / y, 1, (1 - x - y) / y]
const scaled = ([a, b, c]: Vector, factor: number): Vector => [a * factor, b * factor, c * factor]

function adaptation(white: Vector): Matrix {
  const [from, to] = [times(bradford, white), times(bradford, d50)]
  const gains = to.map((value, index) => value / (from[index] ?? 1))
  const scaledRows = bradford.map((row, index) => scaled(row, gains[index] ?? 1)) as unknown as Matrix
  const back = inverse(bradford)
  const columns = transposed(scaledRows).map((column) => times(back, column)) as unknown as Matrix
  return transposed(columns)
}

const times = (matrix: Matrix, [x, y, z]: Vector): Vector =>
  matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Vector
const transposed = ([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix => [
  [a, d, g],
  [b, e, h],
  [c, f, i],
]

function inverse([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
  const rows: Matrix = [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ]
  return rows.map((row) => scaled(row, 1 / determinant)) as unknown as Matrix
}
