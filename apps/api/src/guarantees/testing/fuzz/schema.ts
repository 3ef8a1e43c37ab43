import fc from 'fast-check'

/** The part of JSON Schema that the OpenAPI document uses. */
export type Schema = {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  format?: string
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  items?: Schema
  minItems?: number
  maxItems?: number
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}

export type Values = {
  /** Resolves `#/components/…`. */
  resolve(ref: string): Schema
  /** Ids, addresses and names that exist, in the order in which they were seen. */
  known: readonly string[]
  /** Parameters of paths that lead to something, by name. */
  paths: readonly Readonly<Record<string, string>>[]
  /** Bodies that such a request takes. */
  bodies: readonly unknown[]
}

const longest = 60
const deepest = 4

/** Creates values that mostly fit a schema. Patterns and formats may be missed, which is what the API must bear too. */
export function valuesOf(schema: Schema, values: Values, depth = 0): fc.Arbitrary<unknown> {
  const of = (one: Schema) => valuesOf(one, values, depth + 1)
  if (depth > deepest) return fc.constant(null)
  if (schema.$ref) return of(values.resolve(schema.$ref))
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return fc.oneof(...choices.map(of))
  if (schema.allOf) return fc.tuple(...schema.allOf.map(of)).map((parts) => Object.assign({}, ...parts))
  const types = [schema.type ?? (schema.properties ? 'object' : 'string')].flat()
  return fc.oneof(...types.map((type) => valueOfType(type, schema, values, of)))
}

type Of = (schema: Schema) => fc.Arbitrary<unknown>

function valueOfType(type: string, schema: Schema, values: Values, of: Of): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer(boundsOf(schema))
    case 'number':
      return fc.oneof(fc.integer(boundsOf(schema)), fc.double({ noNaN: true, noDefaultInfinity: true }))
    case 'array':
      return fc.array(schema.items ? of(schema.items) : fc.jsonValue(), {
        minLength: Math.min(schema.minItems ?? 0, 3),
        maxLength: Math.min(schema.maxItems ?? 3, 3),
      })
    case 'object':
      return fc.record(
        Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, one]) => [name, of(one)])),
        { requiredKeys: schema.required ?? [] },
      )
    default:
      return textOf(schema, values)
  }
}

const boundsOf = ({ minimum = -5, maximum = 1_000 }: Schema) => ({
  min: Math.ceil(Math.max(minimum, -(2 ** 31))),
  max: Math.floor(Math.max(minimum, Math.min(maximum, 2 ** 31))),
})

function textOf(
  { format, pattern, minLength = 0, maxLength = longest }: Schema,
  { known }: Values,
): fc.Arbitrary<string> {
  const size = { minLength: Math.min(minLength, longest), maxLength: Math.max(minLength, Math.min(maxLength, longest)) }
  const seen = fc.nat().map((index) => known[known.length - 1 - (index % Math.min(known.length, 200))] as string)
  switch (format) {
    case 'uuid':
      return known.length > 0 ? fc.oneof({ weight: 3, arbitrary: seen }, fc.uuid()) : fc.uuid()
    case 'email':
      return fc.emailAddress()
    case 'date-time':
      return fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
    case 'date':
      return fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10))
    case 'uri':
      return fc.webUrl()
  }
  const matching = pattern === undefined ? undefined : stringMatching(pattern)
  const any = fc.string({ unit: 'grapheme', ...size })
  return matching ? fc.oneof(matching, any) : any
}

/** fast-check knows not all of the syntax; look-aheads and classes of Unicode are left out. */
function stringMatching(pattern: string): fc.Arbitrary<string> | undefined {
  try {
    return fc.stringMatching(new RegExp(pattern), { size: 'small' })
  } catch {
    return undefined
  }
}
