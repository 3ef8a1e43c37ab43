import fc from 'fast-check'
import { hostileText, hostileValue, spoiled } from './hostile.ts'
import { type Schema, type Values, valuesOf } from './schema.ts'

type Parameter = { name: string; in: 'path' | 'query' | 'header' | 'cookie'; required?: boolean; schema: Schema }

export type Operation = {
  id: string
  method: string
  /** With `{name}` for each parameter. */
  path: string
  parameters: readonly Parameter[]
  /** The schema of its body by media type. */
  bodies: Readonly<Record<string, Schema>>
}

export type FuzzRequest = { role: string; url: string; headers: Record<string, string>; body?: string | Buffer }

type Document = {
  paths: Record<
    string,
    Record<
      string,
      { operationId?: string; parameters?: Parameter[]; requestBody?: { content: Record<string, { schema: Schema }> } }
    >
  >
}

/** Lists the operations of an OpenAPI document. */
export const operationsOf = ({ paths }: Document): Operation[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { operationId, parameters = [], requestBody }]) =>
      operationId === undefined
        ? []
        : [
            {
              id: operationId,
              method: method.toUpperCase(),
              path,
              parameters,
              bodies: Object.fromEntries(
                Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => [type, schema]),
              ),
            },
          ],
    ),
  )

/** Creates requests of an operation: some as documented, most of them with one hostile part. */
export function requestsOf(operation: Operation, values: Values, roles: readonly string[]): fc.Arbitrary<FuzzRequest> {
  return fc
    .record({
      role: fc.constantFrom(...roles),
      url: urls(operation, values),
      headers: headers(operation),
      body: bodies(operation, values),
    })
    .map(({ role, url, headers: given, body }) => ({
      role,
      url,
      headers: { ...given, ...(body && { 'content-type': body.type }) },
      ...(body && { body: body.content }),
    }))
}

function urls({ path, parameters }: Operation, values: Values): fc.Arbitrary<string> {
  const text = (schema: Schema) => fc.oneof({ weight: 4, arbitrary: valuesOf(schema, values).map(String) }, hostileText)
  const inPath = parameters.filter((one) => one.in === 'path')
  const inQuery = parameters.filter((one) => one.in === 'query')
  const any = fc.tuple(...inPath.map(({ schema }) => text(schema).map(encoded)))
  const existing = values.paths.map((names) => inPath.map(({ name }) => encoded(names[name] ?? '')))
  const segments = existing.length > 0 ? fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...existing) }, any) : any
  const query = fc
    .tuple(
      ...inQuery.map(({ schema, required }) =>
        fc.option(fc.array(text(schema), { minLength: 1, maxLength: 2 }), { freq: required ? 9 : 1 }),
      ),
    )
    .map((lists) =>
      lists
        .flatMap((list, index) => (list ?? []).map((value) => `${inQuery[index]?.name}=${encoded(value)}`))
        .join('&'),
    )
  const extra = fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    hostileText.map((value) => `x=${encoded(value)}`),
    fc.constant('%zz&=&&a[]=1'),
  )
  return fc.tuple(segments, query, extra).map(([values_, ...parts]) => {
    const filled = inPath.reduce((url, { name }, index) => url.replace(`{${name}}`, () => values_[index] ?? ''), path)
    const search = parts.filter(Boolean).join('&')
    return search ? `${filled}?${search}` : filled
  })
}

/** A lone surrogate cannot be encoded, and becomes bytes that are not UTF-8. */
function encoded(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    return '%ed%a0%80'
  }
}

/** Headers reach the API as Latin-1, without line ends. */
const headerText = hostileText.map((text) =>
  [...text]
    .filter((letter) => /[\x20-\x7e\xa0-\xff]/.test(letter))
    .join('')
    .slice(0, 500),
)

function headers({ method, parameters }: Operation): fc.Arbitrary<Record<string, string>> {
  const named = [
    'if-match',
    'if-none-match',
    'idempotency-key',
    'range',
    'accept',
    'accept-language',
    'x-request-id',
    'x-forwarded-for',
    'authorization',
    'traceparent',
    'prefer',
  ]
  const own = parameters.filter((one) => one.in === 'header').map(({ name }) => name.toLowerCase())
  const known: Record<string, fc.Arbitrary<string>> = {
    'idempotency-key': fc.uuid(),
    'if-match': fc.constantFrom('*', '"1"', 'W/"1"'),
    range: fc.constantFrom('bytes=0-', 'bytes=-1', 'bytes=5-2', 'bytes=0-0,2-3'),
  }
  const pair = fc
    .constantFrom(...new Set([...named, ...own]))
    .chain((name) => fc.oneof(known[name] ?? headerText, headerText).map((value): [string, string] => [name, value]))
  const some = fc.array(pair, { maxLength: 2 }).map((pairs) => Object.fromEntries(pairs))
  return fc
    .oneof({ weight: 2, arbitrary: fc.constant({}) }, some)
    .map((given) => (method === 'GET' ? given : { 'idempotency-key': crypto.randomUUID(), ...given }))
}

type Body = { type: string; content: string | Buffer }

function bodies({ method, bodies: schemas }: Operation, values: Values): fc.Arbitrary<Body | undefined> {
  const broken: fc.Arbitrary<Body | undefined> = fc.constantFrom<Body | undefined>(
    undefined,
    { type: 'application/json', content: '' },
    { type: 'application/json', content: '{"a":' },
    { type: 'application/json', content: '[[[[[[[[[[' },
    { type: 'application/json', content: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) },
    { type: 'application/json; charset=utf-16', content: '{}' },
    { type: 'text/plain', content: 'x' },
    { type: 'application/x-www-form-urlencoded', content: 'a=1' },
    { type: 'multipart/form-data', content: 'no boundary' },
  )
  const [type, schema] = Object.entries(schemas)[0] ?? []
  if (!type || !schema)
    return method === 'GET' || method === 'DELETE'
      ? fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, broken)
      : broken
  const own = type === 'multipart/form-data' ? forms() : jsonBodies(schema, values)
  return fc.oneof({ weight: 8, arbitrary: own }, broken)
}

function jsonBodies(schema: Schema, values: Values): fc.Arbitrary<Body> {
  const documented = valuesOf(schema, values)
  const fitting = values.bodies.length > 0 ? fc.oneof(fc.constantFrom(...values.bodies), documented) : documented
  const value = fc.oneof(
    fitting,
    { weight: 3, arbitrary: fitting.chain(spoiled) },
    { weight: 1, arbitrary: hostileValue },
  )
  return value.map((one) => ({ type: 'application/json', content: JSON.stringify(one) ?? 'null' }))
}

/** Forms with files whose names, types and bytes are of any kind. */
function forms(): fc.Arbitrary<Body> {
  const file = fc.record({
    field: fc.constantFrom('files', 'file', 'avatar', '', '__proto__'),
    name: hostileText.map((text) =>
      text
        .toWellFormed()
        .replace(/[\r\n"]/g, '')
        .slice(0, 200),
    ),
    type: fc.constantFrom('image/png', 'text/plain', 'image/svg+xml', 'application/pdf', '../x', ''),
    content: fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(Buffer.from('%PDF-1.7\n'), Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.from('plain text')),
    ),
  })
  return fc.tuple(fc.array(file, { maxLength: 3 }), fc.boolean()).map(([files, isWhole]) => {
    const boundary = 'muster-fuzz'
    const parts = files.flatMap(({ field, name, type, content }) => [
      Buffer.from(
        `--${boundary}\r\ncontent-disposition: form-data; name="${field}"; filename="${name}"\r\n${type ? `content-type: ${type}\r\n` : ''}\r\n`,
      ),
      content,
      Buffer.from('\r\n'),
    ])
    return {
      type: `multipart/form-data; boundary=${boundary}`,
      content: Buffer.concat([...parts, Buffer.from(isWhole ? `--${boundary}--\r\n` : '')]),
    }
  })
}
