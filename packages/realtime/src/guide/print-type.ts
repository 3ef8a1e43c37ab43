import type { z } from 'zod'

type JsonSchema = z.core.JSONSchema.BaseSchema

const formats: Record<string, string> = { uuid: 'Uuid', 'date-time': 'Instant', uri: 'Url' }
const step = '  '

/** Prints a JSON schema as a type of TypeScript, with the descriptions of fields as comments. */
export function printType(schema: JsonSchema, indent = ''): string {
  if (schema.$ref) return schema.$ref.split('/').at(-1) ?? 'unknown'
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum) return schema.enum.map(literal).join(' | ')
  const parts = schema.anyOf ?? schema.oneOf
  if (parts) return parts.map((part) => printType(part as JsonSchema, indent)).join(' | ')
  if (schema.allOf) return schema.allOf.map((part) => printType(part as JsonSchema, indent)).join(' & ')
  if (schema.type === 'array') return arrayOf(printType((schema.items ?? {}) as JsonSchema, indent))
  if (schema.type === 'object') return printObject(schema, indent)
  return [schema.type ?? 'unknown']
    .flat()
    .map((type) => formats[schema.format ?? ''] ?? (type === 'integer' ? 'number' : type))
    .join(' | ')
}

const literal = (value: unknown) => (typeof value === 'string' ? `'${value}'` : String(value))
const arrayOf = (item: string) => (item.includes(' | ') ? `(${item})[]` : `${item}[]`)

function printObject({ properties = {}, required = [], additionalProperties }: JsonSchema, indent: string): string {
  const fields = Object.entries(properties as Record<string, JsonSchema>)
  if (fields.length === 0) {
    const values = additionalProperties
    return typeof values === 'object' ? `{ [id: Uuid]: ${printType(values as JsonSchema, indent)} }` : '{}'
  }
  const inner = indent + step
  const lines = fields.map(([name, field]) => {
    const isOptional = required.includes(name) ? '' : '?'
    const comment = field.description ? ` // ${field.description}` : ''
    return `${inner}${name}${isOptional}: ${printType(field, inner)}${comment}`
  })
  return `{\n${lines.join('\n')}\n${indent}}`
}
