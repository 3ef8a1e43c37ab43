import { z } from 'zod'

const marks = z.registry<{ isFileUrl: true }>()

/**
 * Schema of the URL of a file in a response. Services and caches hold its path on this server; the response makes it absolute,
 * see {@link absoluteFileUrls}. So a cached value stays valid when PUBLIC_URL changes.
 */
export const fileUrl = z.url().register(marks, { isFileUrl: true })

/** Converts a value of a response; `urlOf` makes a path of this server an absolute URL. */
type Convert = (value: unknown, urlOf: (path: string) => string) => unknown

/** Returns the function that makes every file URL in a value of this schema absolute; undefined for a schema without one. */
export function absoluteFileUrls(schema: z.ZodType): Convert | undefined {
  // Survives `.meta()` and `.describe()`: a registry looks at the schema from which another one was cloned.
  if (marks.get(schema)) return (value, urlOf) => (typeof value === 'string' ? urlOf(value) : value)
  if (schema instanceof z.ZodObject) return ofObject(schema.shape)
  if (schema instanceof z.ZodArray) return ofItems(schema.element as z.ZodType)
  if (schema instanceof z.ZodRecord) return ofValues(schema.valueType as z.ZodType)
  if (schema instanceof z.ZodUnion) return inTurn(schema.options as z.ZodType[])
  if (schema instanceof z.ZodIntersection) return inTurn([schema.def.left, schema.def.right] as z.ZodType[])
  return 'unwrap' in schema ? absoluteFileUrls((schema as z.ZodNullable<z.ZodType>).unwrap()) : undefined
}

function ofObject(shape: Record<string, z.ZodType>): Convert | undefined {
  const fields = Object.entries(shape).flatMap(([name, field]) => {
    const convert = absoluteFileUrls(field)
    return convert ? [{ name, convert }] : []
  })
  if (fields.length === 0) return undefined
  return (value, urlOf) => {
    if (!isObject(value)) return value
    // Copied only where a URL changes: most objects of an answer have none.
    let converted = value
    for (const { name, convert } of fields) {
      if (!(name in value)) continue
      const field = convert(value[name], urlOf)
      if (field === value[name]) continue
      if (converted === value) converted = { ...value }
      converted[name] = field
    }
    return converted
  }
}

function ofItems(element: z.ZodType): Convert | undefined {
  const convert = absoluteFileUrls(element)
  return (
    convert &&
    ((value, urlOf) => {
      if (!Array.isArray(value)) return value
      const converted = value.map((item) => convert(item, urlOf))
      return converted.some((item, index) => item !== value[index]) ? converted : value
    })
  )
}

function ofValues(valueType: z.ZodType): Convert | undefined {
  const convert = absoluteFileUrls(valueType)
  return (
    convert &&
    ((value, urlOf) =>
      isObject(value)
        ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, convert(item, urlOf)]))
        : value)
  )
}

/** Converts by each of several schemas: a URL that is absolute already stays as it is. */
function inTurn(schemas: z.ZodType[]): Convert | undefined {
  const converts = schemas.flatMap((schema) => absoluteFileUrls(schema) ?? [])
  if (converts.length === 0) return undefined
  return (value, urlOf) => converts.reduce((converted, convert) => convert(converted, urlOf), value)
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
