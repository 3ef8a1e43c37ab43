import fc from 'fast-check'

const texts = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff x',
  '\u202e\u2066',
  '\ufeff',
  '%00',
  '%',
  "' or 1=1 --",
  '"; drop table users; --',
  '$1',
  '\\',
  '\\u0000',
  '../../etc/passwd',
  '..%2f..%2f',
  '<script>alert(1)</script>',
  '{{7*7}}',
  '\r\nset-cookie: a=b',
  'null',
  'undefined',
  'NaN',
  '[object Object]',
  '__proto__',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '+275760-09-13T00:00:00.000Z',
  '-271821-04-20T00:00:00.000Z',
  '294277-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  'Europe/Nowhere',
  'a@b',
  '\u{1f600}'.repeat(300),
  'x'.repeat(10_000),
  'é'.repeat(1_000),
]
const others: unknown[] = [
  null,
  true,
  0,
  -0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  1e308,
  5e-324,
  [],
  [[[[]]]],
  {},
  { __proto__: null, constructor: { prototype: {} } },
  { toString: 'x', length: -1 },
]

/** Texts that have broken parsers, databases and terminals. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...texts),
  fc.string({ unit: 'binary', maxLength: 40 }),
)

/** Values of any type that JSON can carry. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom(...others),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Replaces, adds or removes something at one or two places of a value. */
export function spoiled(value: unknown): fc.Arbitrary<unknown> {
  if (Array.isArray(value) && value.length > 0)
    return fc.nat(value.length - 1).chain((index) => spoiled(value[index]).map((other) => value.with(index, other)))
  if (typeof value !== 'object' || value === null) return hostileValue
  const names = Object.keys(value)
  const added = fc
    .tuple(fc.constantFrom('__proto__', 'constructor', 'id', 'extra', 'role', ''), hostileValue)
    .map(([name, other]) => withMember(value, name, other))
  if (names.length === 0) return fc.oneof(hostileValue, added)
  const name = fc.constantFrom(...names)
  const changed = name.chain((one) =>
    spoiled((value as Record<string, unknown>)[one]).map((other) => withMember(value, one, other)),
  )
  const removed = name.map((one) => Object.fromEntries(Object.entries(value).filter(([each]) => each !== one)))
  return fc.oneof({ weight: 5, arbitrary: changed }, removed, added, { weight: 1, arbitrary: hostileValue })
}

/** Sets an own member, also one of a name that an assignment would treat differently. */
const withMember = (value: object, name: string, member: unknown): object =>
  Object.fromEntries([...Object.entries(value), [name, member]])
