import type { JsonSchema } from './schemas.ts'

const byFormat: Record<string, string> = {
  uuid: '01980f3a-0000-7000-8000-000000000001',
  'date-time': '2030-01-15T09:00:00.000Z',
  date: '2030-01-15',
  email: 'ann@example.com',
  uri: 'https://example.com/',
}

/**
 * Composes an example from those of the schema's properties. A text without an example is left out, because nobody can make it up.
 * @param options.isRequest leaves out optional properties that have no example, because a made-up value would be refused
 */
export function exampleOf(
  schema: JsonSchema,
  components: Record<string, JsonSchema>,
  { isRequest }: { isRequest: boolean },
): unknown {
  const compose = (given: JsonSchema): unknown => {
    const json = resolve(given)
    const [example] = (json.examples ?? []) as unknown[]
    if (example !== undefined) return example
    if (json.default !== undefined) return json.default
    if (json.enum) return json.enum[0]
    const [option] = (json.oneOf ?? json.anyOf ?? []) as JsonSchema[]
    if (option) return compose(option)
    const type = [json.type].flat()[0]
    if (type === 'object' || json.properties) return composeObject(json)
    if (type === 'array')
      return Array.from({ length: json.minItems ?? 1 }, () => compose((json.items ?? {}) as JsonSchema))
    if (type === 'string') return byFormat[json.format ?? '']
    if (type === 'integer' || type === 'number') return json.minimum ?? 1
    if (type === 'boolean') return true
    return null
  }
  const composeObject = ({ properties = {}, required = [] }: JsonSchema) =>
    Object.fromEntries(
      Object.entries(properties as Record<string, JsonSchema>)
        .filter(([name, property]) => !isRequest || required.includes(name) || resolve(property).examples)
        .map(([name, property]) => [name, compose(property)])
        .filter(([, value]) => value !== undefined),
    )
  const resolve = (json: JsonSchema): JsonSchema => {
    const target = typeof json.$ref === 'string' ? components[json.$ref.split('/').at(-1) ?? ''] : undefined
    return target ? { ...resolve(target), ...json } : json
  }
  return compose(schema)
}
