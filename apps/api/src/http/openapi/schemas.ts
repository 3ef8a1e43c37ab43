import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'

export type JsonSchema = z.core.JSONSchema.JSONSchema & { [key: string]: unknown }
type Io = 'input' | 'output'

declare module 'zod' {
  interface GlobalMeta {
    /** The JSON Schema of a value that zod parses from a text, such as a number in a query. Replaces what zod would write. */
    json?: JsonSchema
  }
}

/** Converts zod schemas to JSON Schema; schemas with an id become components. */
export type Schemas = {
  of(schema: z.ZodType, io: Io): JsonSchema
  components: Record<string, JsonSchema>
}

/** The formats that generators know; zod has further ones, such as `starts_with`, beside a pattern. */
const formats: ReadonlySet<string> = new Set(['uuid', 'date-time', 'date', 'email', 'uri', 'password', 'binary'])

const prefix = '#/components/schemas/'

export function createSchemas(): Schemas {
  const components: Record<string, JsonSchema> = {}

  const keep = (name: string, schema: JsonSchema) => {
    const known = components[name]
    if (known && !isDeepStrictEqual(known, schema))
      throw new Error(
        `Two schemas are named ${name}, or it is not the same in requests and responses: give one another id.`,
      )
    components[name] = schema
  }
  /** References to components, of which errors occur in nearly every operation: each is converted once. */
  const references = { input: new Map<z.ZodType, string>(), output: new Map<z.ZodType, string>() }
  return {
    components,
    of(schema, io) {
      const reference = references[io].get(schema)
      if (reference) return { $ref: reference }
      const { $defs = {}, properties } = convert(z.object({ it: schema }), io)
      for (const [name, { id: _, ...definition }] of Object.entries($defs as Record<string, JsonSchema>))
        keep(name, withDefaultsInWords(definition))
      const json = properties?.it as JsonSchema
      if (json.$ref && Object.keys(json).length === 1) references[io].set(schema, json.$ref)
      return json
    },
  }
}

/**
 * Moves the defaults of properties to their descriptions: openapi-typescript takes a property with a default for one that is always
 * there, and would require it in requests.
 */
function withDefaultsInWords(schema: JsonSchema): JsonSchema {
  if (!schema.properties) return schema
  const properties = Object.entries(schema.properties as Record<string, JsonSchema>).map(([name, property]) => {
    const { default: preset, ...rest } = property
    const nested = withDefaultsInWords(rest as JsonSchema)
    if (preset === undefined) return [name, nested]
    const words = typeof preset === 'object' ? '' : ` Without it: \`${preset}\`.`
    return [name, { ...nested, description: `${nested.description ?? ''}${words}` }]
  })
  return { ...schema, properties: Object.fromEntries(properties) }
}

function convert(schema: z.ZodType, io: Io): JsonSchema {
  const json = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => tidy(zodSchema, jsonSchema as JsonSchema, io),
  })
  return JSON.parse(JSON.stringify(json).replaceAll('"$ref":"#/$defs/', `"$ref":"${prefix}`))
}

/** Removes what readers and generators of the document stumble over. */
function tidy(zodSchema: z.core.$ZodTypes, json: JsonSchema, io: Io): void {
  // zod leaves both out of the input of what it transforms, although they are values that a client sends.
  const examples = z.globalRegistry.get(zodSchema)?.examples
  if (examples) json.examples = examples as JsonSchema['examples']
  if (zodSchema._zod.def.type === 'default') json.default = zodSchema._zod.def.defaultValue as JsonSchema['default']
  if (json.json) {
    const { json: own, description, examples, default: preset } = json
    for (const key of Object.keys(json)) delete json[key]
    Object.assign(
      json,
      { ...(description && { description }), ...(examples && { examples }) },
      own,
      preset !== undefined && { default: preset },
    )
  }
  if (json.format && !formats.has(json.format)) delete json.format
  // The format says it; zod's patterns are long, and stricter than what the API accepts.
  if (json.format) delete json.pattern
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum
  // A later release may add fields to responses.
  if (io === 'output' && json.additionalProperties === false) delete json.additionalProperties
  if (zodSchema._zod.def.type === 'nullable') mergeNull(json)
  if ('const' in json && json.const !== null) {
    json.enum = [json.const] as JsonSchema['enum']
    delete json.const
  }
}

/** Writes `anyOf: [X, null]` as `type: [X, null]`, except where X is a reference. */
function mergeNull(json: JsonSchema): void {
  const [first, second] = (json.anyOf ?? []) as JsonSchema[]
  if (json.anyOf?.length !== 2 || second?.type !== 'null' || typeof first?.type !== 'string') return
  delete json.anyOf
  const { description = first.description, examples = first.examples } = json
  Object.assign(json, first, { type: [first.type, 'null'] }, description && { description }, examples && { examples })
  // Of a schema that occurs several times, the first part may not have been tidied yet.
  if (json.format) delete json.pattern
  if (first.enum) json.enum = [...first.enum, null]
}
